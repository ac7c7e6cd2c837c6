import { randomBytes } from 'node:crypto';
import { join, relative } from 'node:path';
import { isMaterialized } from '#engine/materialize/materialized-view.ts';
import { listRunRecords, type RunRecord } from '#engine/materialize/run-record.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import type { LocalCloud } from '#localstack/local-cloud.ts';
import { checkout } from '#localstack/paths.ts';
import type { Manifest, StoredView } from '#spec/manifest.ts';
import { callApi } from '../api.ts';
import { runView, sentence } from '../commands/materialize.ts';
import { buildTrainingSet } from '../commands/training-set.ts';
import { type Connections, connect } from '../connections.ts';
import { deployRepository } from '../deploy/deploy-repository.ts';
import { grouped } from '../report/table.ts';
import { loadManifest } from '../repository.ts';
import type { Target } from '../target.ts';
import { flightsFolder, type LoadedFlights, loadFlights } from './flights-data.ts';
import { pushDepartures } from './push-departures.ts';
import { Steps } from './steps.ts';

export interface QuickstartOptions {
  /** Where the shifted spine and the training set are put. */
  readonly folder: string;
  readonly targetName: string;
  readonly startCloud: () => Promise<LocalCloud>;
}

/** The main job, told step by step. Returns the seconds it took. */
export async function quickstart({ folder, targetName, startCloud }: QuickstartOptions): Promise<number> {
  const steps = new Steps(7);
  const cloud = await steps.run(
    'start a cloud on this machine (LocalStack, no Docker, no account)',
    startCloud,
    ({ endpoint }) => [`at ${endpoint}`],
  );

  const manifest = await loadManifest(flightsFolder);
  const target = await steps.run(
    'deploy the feature store that examples/flights defines (cdk deploy)',
    () =>
      deployRepository({
        stage: 'dev',
        repository: relative(checkout.root, flightsFolder),
        local: cloud,
        targetName,
        talk: () => {},
      }),
    ({ apiUrl, table, bucket }) => [
      `online store   DynamoDB table ${table}`,
      `offline store  s3://${bucket}`,
      `API            ${apiUrl}`,
    ],
  );
  const connections = connect(target);

  const flights = await steps.run(
    'load the flights of 2013, moved so that the last one left a minute ago',
    () => loadFlights(connections.objects, manifest, folder),
    ({ rows, isNew }) => [
      isNew
        ? Object.entries(rows)
            .map(([name, count]) => `${grouped(count)} ${name}`)
            .join(', ')
        : 'already there',
    ],
  );

  await steps.run(
    'materialize: a year of features offline, the newest of each entity online',
    () => materializeAll({ connections, target, manifest, flights }),
    (lines) => lines,
  );

  await steps.run(
    'serve one request over HTTP',
    () => serveOne(target),
    (lines) => lines,
  );

  await steps.run(
    "push the last day's departures into the stream, then one that leaves now",
    () => pushDepartures(target, manifest, flights.shiftMillis),
    ({ replayed, names, before, after, seconds }) => [
      `${grouped(replayed)} departures, then one: served ${seconds.toFixed(1)} s after it was pushed`,
      ...names.map((name, at) => `  origin_departures_live__${name.padEnd(20)} ${before[at]} -> ${after[at]}`),
    ],
  );

  await steps.run(
    'build a training set: 20,000 labelled flights, every feature as it was two hours before departure',
    () => train(connections, target, { folder, flights }),
    ({ rows, features, files }) => [
      `${grouped(rows)} rows x ${features.length} features in ${join(folder, 'training-set')} (${files.length} Parquet file${files.length === 1 ? '' : 's'})`,
      ...features
        .slice(0, 4)
        .map(({ name, nullShare }) => `  ${name}: ${(100 * (1 - nullShare)).toFixed(1)} % with a value`),
      `  and ${features.length - 4} more; see manifest.json`,
    ],
  );
  return steps.seconds;
}

interface Job {
  readonly connections: Connections;
  readonly target: Target;
  readonly manifest: Manifest;
  readonly flights: LoadedFlights;
}

/** The whole year the first time, what is new afterwards; two views at a time, as the machine has two cores. Returns a line per view. */
async function materializeAll({ connections, target, manifest, flights }: Job): Promise<readonly string[]> {
  const views = manifest.views.filter((view) => isMaterialized(manifest, view));
  const lines: string[] = [];
  const waiting = [...views];
  const worker = async (): Promise<void> => {
    for (let view = waiting.shift(); view; view = waiting.shift()) {
      const isBackfill = view.kind === 'batch' && (await listRunRecords(connections.records, view, 1)).length === 0;
      const run = await runView(connections, {
        view,
        stateMachine: target.materializeStateMachine,
        ...(isBackfill ? { from: flights.startMillis } : {}),
        talk: () => {},
      });
      lines.push(flights.isNew ? await lineOf(connections, view, run) : sentence(run));
    }
  };
  await Promise.all([worker(), worker()]);
  return lines.sort();
}

/** A table view is brought online by the arrival of its file: then that run did the work, and this one found nothing new. */
async function lineOf({ records }: Connections, view: StoredView, run: RunRecord): Promise<string> {
  if (view.kind === 'batch' || run.newObjects) return sentence(run);
  const arrival = (await listRunRecords(records, view, 10)).find(
    ({ newObjects, state }) => newObjects && state === 'succeeded',
  );
  return arrival ? `${sentence(arrival)}, started by the arrival of its file` : sentence(run);
}

async function serveOne(target: Target): Promise<readonly string[]> {
  const body = {
    service: 'delay_model',
    entities: [{ carrier: 'UA', origin: 'EWR', tailnum: 'N14228' }],
    request: [{ distance: 1400 }],
  };
  const started = performance.now();
  const answer = (await callApi(target, '/v1/online-features', JSON.stringify(body))) as {
    names: string[];
    rows: { values: unknown[]; status: string[] }[];
  }; // the API's documented shape
  const millis = performance.now() - started;
  const [row] = answer.rows;
  return [
    `POST /v1/online-features ${JSON.stringify(body)}`,
    ...answer.names.slice(0, 6).map((name, at) => `  ${name.padEnd(44)} ${String(row?.values[at])} ${row?.status[at]}`),
    `  and ${answer.names.length - 6} more, in ${millis.toFixed(0)} ms through the emulated gateway`,
  ];
}

function train(
  connections: Connections,
  target: Target,
  { folder, flights }: { folder: string; flights: LoadedFlights },
): Promise<DatasetManifest> {
  return buildTrainingSet(connections, target, {
    id: `quickstart-${randomBytes(4).toString('hex')}`,
    spine: { file: flights.spineFile },
    choice: { service: 'delay_model' },
    out: join(folder, 'training-set'),
  });
}
