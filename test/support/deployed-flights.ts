import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Connections, connect } from '#cli/connections.ts';
import { flightsFolder, loadFlights } from '#cli/quickstart/flights-data.ts';
import { quickstart } from '#cli/quickstart/quickstart.ts';
import { loadManifest } from '#cli/repository.ts';
import { readTarget, type Target } from '#cli/target.ts';
import { startLocalCloud } from '#localstack/local-cloud.ts';
import type { Manifest } from '#spec/manifest.ts';
import { disableSchedules } from './schedules.ts';
import { testFolder, testTargetName } from './test-deployment.ts';

/** The flights example as the quickstart leaves it: deployed, loaded, materialized, a training set built. */
export interface DeployedFlights {
  readonly target: Target;
  readonly targetName: string;
  readonly connections: Connections;
  readonly manifest: Manifest;
  /** Files of this deployment alone: spine.parquet and training-set/ among them. */
  readonly folder: string;
  /** What was added to every time of 2013. */
  readonly shiftMillis: number;
  /** Ticks after this instant are computed. */
  readonly startMillis: number;
}

/** Runs the quickstart on the suite's cloud; the first test file of a run does it, the others find it done. */
export async function deployedFlights(): Promise<DeployedFlights> {
  const { name, run } = suite();
  const folder = testFolder(name);
  const targetName = testTargetName(name);
  const done = join(folder, 'done');
  if (!existsSync(done) || readFileSync(done, 'utf8') !== run) {
    mkdirSync(folder, { recursive: true });
    await quickstart({ folder, targetName, startCloud: () => startLocalCloud({ name, port: 0 }) });
    const scheduled = await disableSchedules(readTarget(targetName).endpoint ?? '');
    if (scheduled.length === 0) throw new Error('the deployment has no schedules to stop: has their form changed?');
    writeFileSync(done, run);
  }
  const target = readTarget(targetName);
  const connections = connect(target);
  const manifest = await loadManifest(flightsFolder);
  const { shiftMillis, startMillis } = await loadFlights(connections.objects, manifest, folder);
  return { target, targetName, connections, manifest, folder, shiftMillis, startMillis };
}

function suite(): { readonly name: string; readonly run: string } {
  const { TIDEMARK_TEST_NAME: name, TIDEMARK_TEST_RUN: run } = process.env;
  if (name === undefined || run === undefined)
    throw new Error('test/local-cloud-setup.ts has not run: use --project cloud');
  return { name, run };
}
