import { openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Target } from '#cli/target.ts';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { packRow } from '#codec/packed-row.ts';
import { loadRepository } from '#define/node/load-repository.ts';
import { runCommand } from '#localstack/command.ts';
import { freePorts } from '#localstack/free-port.ts';
import { checkout } from '#localstack/paths.ts';
import { pythonEnvironment } from '#localstack/python-environment.ts';
import { findEntity } from '#spec/find.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { createOnlineTable } from '../dynamodb-local.ts';
import { type ServerProcess, startServer } from './server-process.ts';

export const storedEntities = 100;
export const apiToken = 'bench';

/** Files of a run, and DynamoDB Local. */
interface Place {
  readonly folder: string;
  readonly endpoint: string;
}

/** Feast's server, one worker that is never restarted, without a log of requests, its tables filled. */
export async function startFeast({ folder, endpoint }: Place): Promise<ServerProcess> {
  const python = await pythonEnvironment('feast-server', join(import.meta.dirname, 'requirements.txt'));
  const env = { ...process.env, FEAST_USAGE: 'False' };
  const script = join(import.meta.dirname, 'feast_repository.py');
  const prepared = await runCommand(python, [script, endpoint, String(storedEntities)], { cwd: folder, env });
  if (prepared.exitCode !== 0) throw new Error(`feast_repository.py failed:\n${prepared.output}`);
  const [port] = await freePorts(1);
  const words = ['serve', '--host', '127.0.0.1', '--port', String(port), '--no-access-log'];
  const settings = ['--workers', '1', '--max-requests', '0', '--registry_ttl_sec', '3600'];
  return startServer([join(dirname(python), 'feast'), ...words, ...settings], {
    url: `http://127.0.0.1:${port}`,
    health: '/health',
    log: openSync(join(folder, 'feast.log'), 'w'),
    cwd: folder,
    env,
  });
}

/** `tidemark serve` over an online table of the same entities, with its log of requests. `nodeOptions` are of its process. */
export async function startTidemark(
  { folder, endpoint }: Place,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const tableName = 'bench-serve';
  await fill(tableName);
  const target: Target = {
    endpoint,
    dynamodbEndpoint: endpoint,
    region: 'us-east-1',
    apiUrl: endpoint,
    apiToken,
    streams: {},
    bucket: 'none',
    workgroup: 'none',
    database: 'none',
    table: tableName,
    jobsTable: 'none',
    materializeStateMachine: 'none',
    trainingSetStateMachine: 'none',
    repository: import.meta.dirname,
    stage: 'dev',
  };
  const file = join(folder, 'target.json');
  writeFileSync(file, JSON.stringify(target));
  const [port] = await freePorts(1);
  const command = [process.execPath, ...nodeOptions, join(checkout.root, 'cli', 'main.ts'), 'serve'] as const;
  return startServer([...command, '--port', String(port), '--target', file], {
    url: `http://127.0.0.1:${port}`,
    health: '/v1/health?deep',
    log: openSync(join(folder, 'tidemark.log'), 'w'),
    cwd: folder,
    env: process.env,
  });
}

async function fill(tableName: string): Promise<void> {
  const { manifest } = (await loadRepository(import.meta.dirname)).repository;
  const client = await createOnlineTable(tableName, { attempts: 1 });
  const driver = findEntity(manifest, 'driver');
  const rows = manifest.views.flatMap((view) =>
    view.kind !== 'table'
      ? []
      : Array.from({ length: storedEntities }, (_, id) => ({
          entityKey: encodeEntityKey(driver, [BigInt(id)]),
          viewId: `${view.name}@${view.version}`,
          order: '1',
          packed: packRow(view, {
            eventTimeMillis: Date.now(),
            deleted: false,
            marks: null,
            values: view.features.map(({ type }, index) =>
              type === 'int64' ? BigInt(id * 1000 + index) : Math.sin(id + index) * 100,
            ),
          }),
        })),
  );
  await new DynamoOnlineRows({ client, tableName }).writeNewer(rows);
}
