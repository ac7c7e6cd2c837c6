import { randomUUID } from 'node:crypto';
import { CreateStreamCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { beforeAll, expect, it } from 'vitest';
import { eventArchiver } from '#engine/ingest/archive-batch.ts';
import { archivedThrough } from '#engine/ingest/archive-progress.ts';
import { compactEvents, graceMillis, settleMillis } from '#engine/ingest/compact-events.ts';
import { listQuarantine, replayEntry } from '#engine/ingest/quarantine-replay.ts';
import { eventColumns, objectKeys, tableNames } from '#spec/layout.ts';
import type { Value } from '#spec/value-type.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import { createTable } from '#test/contract/cloud-table.ts';
import { collect } from '#test/support/collect.ts';
import { entityOf, manifestOf, streamSourceOf } from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';

const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const rides = streamSourceOf(
  'rides',
  [
    { name: 'ride_id', type: 'int64' },
    { name: 'driver_id', type: 'int64' },
    { name: 'fare', type: 'decimal(10,2)' },
    { name: 'happened_at', type: 'timestamp' },
    { name: 'day', type: 'date' },
    { name: 'stops', type: 'list<string>' },
    { name: 'photo', type: 'bytes' },
  ],
  {
    eventTime: 'happened_at',
    eventId: 'ride_id',
    deduplicateBy: { field: 'ride_id', withinMillis: 365 * 86_400_000 },
    partitionBy: ['driver_id'],
    entities: ['driver'],
    hashed: ['fare'],
  },
);
const manifest = manifestOf({ entities: [driver], sources: [rides], views: [] });
const shards = 2;

let store: OfflineStore;
let stream: KinesisEventStream;
let checkpoints: DynamoCheckpoints;
let archive: ReturnType<typeof eventArchiver>;

beforeAll(async () => {
  store = await createOfflineStore(manifest);
  const client = createKinesisClient();
  const streamName = `event-log-${randomUUID()}`;
  await client.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: shards }));
  await waitUntilStreamExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StreamName: streamName });
  stream = new KinesisEventStream({ client, streamName });
  const dynamo = createDynamoClient();
  checkpoints = new DynamoCheckpoints(dynamo, await createTable(dynamo));
  archive = eventArchiver({ manifest, objects: store.objects, checkpoints, partitions: store.partitions }, rides);
});

const rideOf = (ride: number, happenedAt: string): string =>
  `{"ride_id":${ride},"driver_id":9007199254740993,"fare":"${ride}.5","happened_at":"${happenedAt}","day":"2024-02-29","stops":["é",null],"photo":"AP8="}`;

const put = async (texts: readonly string[]): Promise<void> => {
  const outcomes = await stream.put(texts.map((text, at) => ({ partitionKey: String(at), data: Buffer.from(text) })));
  expect(outcomes.every(({ kind }) => kind === 'put')).toBe(true);
};

async function records(): Promise<StreamRecord[]> {
  const found: StreamRecord[] = [];
  for (const shard of await stream.shards()) found.push(...(await stream.read(shard)).records);
  return found;
}

const logged = async (): Promise<Record<string, Value>[]> => {
  const columns = [
    'ride_id',
    'driver_id',
    'fare',
    'happened_at',
    'day',
    'stops',
    'photo',
    ...Object.values(eventColumns),
  ];
  const names = columns.filter((name) => typeof name === 'string');
  const select = [...names, eventColumns.hash('fare'), 'dt'].map((name) => `"${name}"`).join(', ');
  const found = await store.select(`SELECT ${select} FROM "${tableNames.events(rides)}"`);
  const ids = found.get('ride_id') ?? [];
  const rows = ids.map((_, at) => Object.fromEntries([...found].map(([name, values]) => [name, values[at] ?? null])));
  return rows.sort((a, b) => Number(a.ride_id) - Number(b.ride_id));
};

const day = 86_400_000;
/** Rides of the day that is compacted. */
const old = 20;

it('shows archived events to SQL, over several shards and days, the same after compaction, and replays the bad ones', async () => {
  const happened = new Date(Date.now() - 10 * day).toISOString();
  const future = new Date(Date.now() + day).toISOString();
  await put([...Array.from({ length: old }, (_, ride) => rideOf(ride, happened)), 'no json', rideOf(99, future)]);
  // As if they had arrived at noon, three days ago.
  const noonMillis = Math.floor(Date.now() / day) * day - 2.5 * day;
  const first = (await records()).map((record, at) => ({ ...record, arrivalMillis: noonMillis + at }));
  const counts = await archive(first);
  expect(counts).toMatchObject({ archived: old, quarantined: { notJson: 1, tooFarAhead: 1 }, files: shards });
  expect(await archive(first)).toMatchObject({ archived: 0, files: 0, repeated: old + 2 });
  const dt = new Date(noonMillis).toISOString().slice(0, 10);
  const rows = await logged();
  const arrivals = new Map(first.map((record) => [record.sequence, record]));
  expect(rows).toHaveLength(old);
  for (const [ride, row] of rows.entries()) {
    const record = arrivals.get(String(row._sequence));
    expect(row).toMatchObject({
      ride_id: BigInt(ride),
      driver_id: 9007199254740993n,
      fare: BigInt(ride) * 100n + 50n,
      happened_at: Date.parse(happened),
      _event_time: Date.parse(happened),
      _arrival_time: record?.arrivalMillis,
      _shard: record?.shard,
      dt,
      stops: ['é', null],
      photo: Uint8Array.of(0, 255),
      day: Date.UTC(2024, 1, 29) / day,
    });
    expect(row._fingerprint).toEqual(expect.any(BigInt));
    expect(row._hash_fare).toEqual(expect.any(BigInt));
  }
  expect(new Set(rows.map((row) => row._shard)).size).toBe(shards);

  // Live records of today follow; the day before yesterday is over.
  await put([rideOf(old, happened), rideOf(old + 1, happened)]);
  expect(await archivedThrough({ checkpoints, stream }, rides, Date.now())).toBe(false);
  const done = new Set(first.map(({ sequence }) => sequence));
  const live = (await records()).filter(({ sequence }) => !done.has(sequence));
  expect(await archive(live)).toMatchObject({ archived: 2 });
  expect(await archivedThrough({ checkpoints, stream }, rides, Date.now())).toBe(true);
  const before = await logged();
  expect(before).toHaveLength(old + 2);
  let nowMillis = Date.now() - day + settleMillis;
  const ports = {
    objects: store.objects,
    checkpoints,
    partitions: store.partitions,
    openStream: () => stream,
    clock: () => nowMillis,
  };
  expect(await compactEvents(ports, rides)).toEqual({ days: 1, files: shards, deleted: 0 });
  expect(await logged()).toEqual(before);
  nowMillis += graceMillis;
  expect(await compactEvents(ports, rides)).toEqual({ days: 0, files: 0, deleted: shards });
  expect(await logged()).toEqual(before);
  const left = await collect(store.objects.list(objectKeys.events(rides)));
  expect(left).not.toEqual([]);
  expect(left.filter(({ key }) => key.includes(`dt=${dt}/`))).toEqual([]);

  const waiting = await collect(listQuarantine(store.objects, rides));
  expect(waiting.map(({ entry }) => entry.reason).sort()).toEqual(['notJson', 'tooFarAhead']);
  const entry = waiting.find((one) => one.entry.reason === 'notJson')?.entry;
  if (!entry) throw new Error('no entry');
  const replay = { manifest, objects: store.objects, stream, clock: Date.now };
  const corrected = Buffer.from(rideOf(old + 2, happened));
  expect(await replayEntry(replay, { source: rides, entry, corrected })).toMatchObject({ kind: 'replayed' });
  const texts = (await records()).map(({ data }) => Buffer.from(data).toString());
  expect(texts.filter((text) => text.includes(`"ride_id":${old + 2},`))).toHaveLength(1);
  expect(await collect(listQuarantine(store.objects, rides))).toHaveLength(1);
});

it('reads a day of nothing but bad records, compacted or not', async () => {
  const store2 = await createOfflineStore(manifest);
  const dynamo = createDynamoClient();
  const own = new DynamoCheckpoints(dynamo, await createTable(dynamo));
  const objects = store2.objects;
  const archiveOwn = eventArchiver({ manifest, objects, checkpoints: own, partitions: store2.partitions }, rides);
  const record = {
    shard: 'shard-0',
    sequence: '7'.padStart(56, '0'),
    arrivalMillis: Date.now() - 3 * day,
    data: Buffer.from('x'),
  };
  expect(await archiveOwn([record])).toMatchObject({ archived: 0, files: 1 });
  const count = async () => (await store2.select(`SELECT count(*) AS n FROM "${tableNames.events(rides)}"`)).get('n');
  expect(await count()).toEqual([0n]);
  const silent = {
    put: async () => [],
    shards: async () => ['shard-0'],
    read: async () => ({ records: [], isAtEnd: true }),
  };
  const ports = { objects, checkpoints: own, partitions: store2.partitions, openStream: () => silent, clock: Date.now };
  expect(await compactEvents(ports, rides)).toMatchObject({ days: 1 });
  expect(await count()).toEqual([0n]);
});
