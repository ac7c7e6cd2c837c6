import { randomUUID } from 'node:crypto';
import { CreateStreamCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { quarantineDepth } from '#engine/ingest/quarantine.ts';
import { createHandler as createArchive } from '#lambdas/archive-events/handler.ts';
import { createHandler as createCompact } from '#lambdas/compact-events/handler.ts';
import { objectKeys, tableNames } from '#spec/layout.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { createKinesisClient } from '#store/kinesis/event-stream.ts';
import { createTable } from '#test/contract/cloud-table.ts';
import { collect } from '#test/support/collect.ts';
import { entityOf, manifestOf, streamSourceOf } from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';

const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const sourceOf = (name: string) =>
  streamSourceOf(
    name,
    [
      { name: 'driver_id', type: 'int64' },
      { name: 'happened_at', type: 'timestamp' },
    ],
    { eventTime: 'happened_at', partitionBy: ['driver_id'], entities: ['driver'] },
  );
const rides = sourceOf('rides');
const manifest = manifestOf({ entities: [driver], sources: [sourceOf('no_stream'), rides], views: [] });
const repository = { manifest, transforms: {} };
const day = 86_400_000;

let store: OfflineStore;
beforeAll(async () => {
  store = await createOfflineStore(manifest);
  const client = createKinesisClient();
  const StreamName = `functions-${randomUUID()}`;
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  await waitUntilStreamExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StreamName });
  vi.stubEnv('SOURCE_NAME', 'rides');
  vi.stubEnv('BUCKET_NAME', store.bucket);
  vi.stubEnv('DATABASE_NAME', store.database);
  vi.stubEnv('JOBS_TABLE_NAME', await createTable(createDynamoClient()));
  vi.stubEnv('STREAM_NAMES', JSON.stringify({ rides: StreamName, no_stream: 'there-is-none' }));
  vi.stubEnv('STAGE_NAME', 'test');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
});
afterAll(() => vi.unstubAllEnvs());

/** An invocation with records of one shard, as an event source mapping sends it. */
const invocation = (texts: readonly string[], { first, arrivalMillis }: { first: number; arrivalMillis: number }) => ({
  Records: texts.map((text, at) => ({
    eventID: `shardId-000000000000:${first + at}`,
    kinesis: {
      sequenceNumber: String(first + at),
      partitionKey: 'k',
      data: Buffer.from(text).toString('base64'),
      approximateArrivalTimestamp: arrivalMillis / 1000 + at / 1000,
    },
  })),
});
const context = { getRemainingTimeInMillis: () => 600_000 };
const rows = async () => (await store.select(`SELECT driver_id FROM "${tableNames.events(rides)}"`)).get('driver_id');

it('archives batches, asks again for one that fails, and compacts the days that are over', async () => {
  const arrivalMillis = Math.floor(Date.now() / day) * day - 1.5 * day;
  const ride = (id: number): string => `{"driver_id":${id},"happened_at":${arrivalMillis - 1000}}`;
  const archive = createArchive(repository);
  const texts = [ride(1), 'no json', ride(2)];
  expect(await archive(invocation(texts, { first: 101, arrivalMillis }))).toEqual({ batchItemFailures: [] });
  const again = [...texts.slice(1), ride(3)];
  expect(await archive(invocation(again, { first: 102, arrivalMillis }))).toEqual({ batchItemFailures: [] });
  expect((await rows())?.toSorted()).toEqual([1n, 2n, 3n]);
  expect(await quarantineDepth(store.objects, rides)).toBe(1);

  vi.stubEnv('BUCKET_NAME', 'there-is-no-such-bucket');
  const failing = createArchive(repository);
  const failed = await failing(invocation([ride(4)], { first: 105, arrivalMillis }));
  expect(failed).toEqual({ batchItemFailures: [{ itemIdentifier: '105' }] });
  vi.stubEnv('BUCKET_NAME', store.bucket);
  await expect(archive({ Records: [{ eventID: 'x' }] })).rejects.toMatchObject({ code: 'lambda.badEvent' });

  await expect(createCompact(repository)({}, context)).resolves.toBeUndefined();
  expect(await collect(store.objects.list(objectKeys.eventsCompacted(rides)))).toHaveLength(2);
  expect((await rows())?.toSorted()).toEqual([1n, 2n, 3n]);
});

it('compacts the logs of the other sources where one cannot be, and fails then', async () => {
  await store.objects.put(`${objectKeys.events({ name: 'no_stream' })}dt=2024-03-01/shardId-0/1.parquet`, '');
  await store.objects.put(`${objectKeys.events(rides)}dt=2024-03-01/stray.txt`, '');
  const before = await collect(store.objects.list(objectKeys.eventsCompacted(rides)));
  const archive = createArchive(repository);
  const arrivalMillis = Date.UTC(2024, 2, 2, 12);
  await archive(invocation([`{"driver_id":9,"happened_at":${arrivalMillis}}`], { first: 200, arrivalMillis }));
  await expect(createCompact(repository)({}, context)).rejects.toThrow('the event logs of 1 sources');
  const after = await collect(store.objects.list(objectKeys.eventsCompacted(rides)));
  expect(after.length).toBe(before.length + 2);
});
