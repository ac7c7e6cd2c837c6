import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateStreamCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quarantineList, quarantineReplay } from '#cli/commands/quarantine.ts';
import { loadManifest } from '#cli/repository.ts';
import type { Target } from '#cli/target.ts';
import { eventArchiver } from '#engine/ingest/archive-batch.ts';
import { checkout } from '#localstack/paths.ts';
import { findStreamSource } from '#spec/find.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { createOfflineStore } from '#test/support/offline-store.ts';

/** A repository of one stream; in the checkout, where `tidemark` is found. */
const folder = join(checkout.root, '.tidemark', `quarantine-${process.pid}`);
const target = join(folder, 'target.json');
const config = `import { defineConfig, entity, feature, int64, streamSource, tableView, timestamp } from 'tidemark';
const documented = { description: 'for tests', owner: 'tests' };
const driver = entity('driver', { keys: { driver_id: int64() }, ...documented });
const rides = streamSource('rides', {
  schema: { driver_id: int64(), fare: int64(), happened_at: timestamp() }, eventTime: 'happened_at', ...documented,
});
const lastRide = tableView('last_ride', { entity: driver, source: rides, features: { fare: feature() }, ...documented });
export default defineConfig({ project: 'rides', definitions: [{ driver, rides, lastRide }], stages: { dev: {} } });
`;
let stream: KinesisEventStream;
let archiveAll: () => Promise<unknown>;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tidemark.config.ts'), config);
  const manifest = await loadManifest(folder);
  const store = await createOfflineStore(manifest);
  const client = createKinesisClient();
  const streamName = `quarantine-${randomUUID()}`;
  await client.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: 1 }));
  await waitUntilStreamExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StreamName: streamName });
  stream = new KinesisEventStream({ client, streamName });
  const { objects, partitions } = store;
  const source = findStreamSource(manifest, 'rides');
  const archive = eventArchiver({ manifest, objects, partitions, checkpoints: new MemoryCheckpoints() }, source);
  archiveAll = async () => archive(await records());
  const names = { workgroup: '', table: '', jobsTable: '', materializeStateMachine: '', trainingSetStateMachine: '' };
  const written: Target = {
    ...names,
    region: 'us-east-1',
    apiUrl: '',
    apiToken: '',
    streams: { rides: streamName },
    bucket: store.bucket,
    database: store.database,
    repository: folder,
    stage: 'test',
  };
  writeFileSync(target, JSON.stringify(written));
  await stream.put(
    ['no json', '{"driver_id":"x"}', '{"fare":1}'].map((text) => ({ partitionKey: 'k', data: Buffer.from(text) })),
  );
  await archiveAll();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function records(): Promise<readonly StreamRecord[]> {
  const [shard = ''] = await stream.shards();
  return (await stream.read(shard)).records;
}

interface Told {
  readonly exitCode: number;
  readonly data: Record<string, unknown>[];
  readonly text: string;
}

async function run(command: typeof quarantineList, words: readonly string[], options: object = {}): Promise<Told> {
  let told: Omit<Told, 'exitCode'> = { data: [], text: '' };
  const data = (value: unknown, text: string): void => {
    told = { data: value as Record<string, unknown>[], text }; // a list, as both commands give
  };
  const output = { isJson: true, data, talk: () => undefined };
  const exitCode = await command.run({ positionals: words, options: { target, ...options }, output });
  return { exitCode, ...told };
}

it('lists, filters, replays as it is and corrected, and does nothing twice', async () => {
  const all = await run(quarantineList, ['rides']);
  expect(all.data.map(({ reason, payload, state }) => [reason, payload, state])).toEqual([
    ['notJson', 'no json', 'waiting'],
    ['wrongType', '{"driver_id":"x"}', 'waiting'],
    ['missingEventTime', '{"fare":1}', 'waiting'],
  ]);
  expect(all.text).toMatch(
    /^id +state +arrival +reason +detail +payload\n\d{4}-\d{2}-\d{2}\/shardId-0{12}\/\d{56} +waiting/,
  );
  const wrong = await run(quarantineList, ['rides'], { reason: 'wrongType' });
  expect(wrong.data.map(({ payload }) => payload)).toEqual(['{"driver_id":"x"}']);
  expect((await run(quarantineList, ['rides'], { limit: '2' })).data).toHaveLength(2);
  expect((await run(quarantineList, ['rides'], { to: '2001-01-01' })).text).toBe('nothing of rides in quarantine');

  const id = String(wrong.data[0]?.id);
  const file = join(folder, 'corrected.json');
  writeFileSync(file, '{"driver_id":7}');
  await expect(run(quarantineReplay, ['rides', id], { file })).rejects.toMatchObject({ code: 'ingest.stillBad' });
  writeFileSync(file, `{"driver_id":7,"fare":3,"happened_at":${Date.now() - 1000}}`);
  const corrected = await run(quarantineReplay, ['rides', id], { file });
  expect(corrected).toMatchObject({ exitCode: 0, data: [{ id, result: 'replayed' }] });
  expect(await run(quarantineReplay, ['rides', id])).toMatchObject({
    exitCode: 8,
    data: [{ id, result: 'begunBefore' }],
  });
  expect(await archiveAll()).toMatchObject({ archived: 1, quarantined: {} });

  const rest = await run(quarantineReplay, ['rides'], { all: true });
  expect(rest).toMatchObject({ exitCode: 0, data: [{ result: 'replayed' }, { result: 'replayed' }] });
  expect((await run(quarantineReplay, ['rides'], { all: true })).text).toBe('nothing waits in quarantine');
  expect(await archiveAll()).toMatchObject({ quarantined: { notJson: 1, missingEventTime: 1 } });
  const anew = await run(quarantineList, ['rides']);
  expect(anew.data.map(({ reason }) => reason)).toEqual(['notJson', 'missingEventTime']);
  expect((await run(quarantineList, ['rides'], { replayed: true })).data).toHaveLength(5);
  expect(await records()).toHaveLength(6);
});

it.each([
  ['no source', [], {}],
  ['neither ids nor --all', ['rides'], {}],
  ['ids and --all', ['rides', 'a/b/c'], { all: true }],
  ['a correction of two records', ['rides', 'a/b/c', 'd/e/f'], { file: 'x.json' }],
  ['a date that is none', ['rides'], { all: true, from: 'yesterday' }],
  ['a reason that there is not', ['rides'], { all: true, reason: 'ugly' }],
])('refuses %s', async (_, words, options) => {
  await expect(run(quarantineReplay, words, options)).rejects.toMatchObject({ code: 'cli.badArguments' });
});

it('says so where the source or the record is not known', async () => {
  await expect(run(quarantineList, ['trips'])).rejects.toMatchObject({ code: 'spec.unknownName' });
  await expect(run(quarantineReplay, ['rides', 'a/b/c'])).rejects.toMatchObject({ code: 'ingest.notQuarantined' });
});
