import { randomUUID } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { viewsOfSource } from '#engine/ingest/source-views.ts';
import { createHandler } from '#lambdas/aggregate-events/handler.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoWindowItems } from '#store/dynamodb/window-items.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { createS3Client } from '#store/s3/objects.ts';
import { createTable } from '#test/contract/cloud-table.ts';
import { readPair } from '#test/support/ingest-world.ts';
import {
  driverKey,
  hour,
  lastRide,
  minute,
  ridesManifest,
  ridesOf,
  ridesRecords,
  start,
  windows,
} from '#test/support/rides-stream.ts';

const source = ridesOf();
const manifest = ridesManifest([windows, lastRide], source);
const repository = { manifest, transforms: {} };
const context = { getRemainingTimeInMillis: () => 60_000 };
const client = createDynamoClient({ attempts: 1 });
let tableName: string;
const Bucket = `aggregate-${randomUUID()}`;

beforeAll(async () => {
  tableName = await createTable(client);
  await createS3Client().send(new CreateBucketCommand({ Bucket }));
  vi.stubEnv('SOURCE_NAME', 'rides');
  vi.stubEnv('BUCKET_NAME', Bucket);
  vi.stubEnv('ONLINE_TABLE_NAME', tableName);
  vi.stubEnv('STREAM_RETENTION_HOURS', '168');
  vi.stubEnv('STAGE_NAME', 'test');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
});
afterAll(() => vi.unstubAllEnvs());

const invocation = (records: readonly StreamRecord[]) => ({
  Records: records.map(({ shard, sequence, arrivalMillis, data }) => ({
    eventID: `${shard}:${sequence}`,
    kinesis: {
      sequenceNumber: sequence.replace(/^0+/, ''),
      partitionKey: 'k',
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: arrivalMillis / 1000,
    },
  })),
});

async function readingOf(driver: number) {
  const [view] = viewsOfSource(manifest, source).windowed;
  if (!view) throw new Error('no view');
  const entityKey = driverKey(driver);
  const addresses = [view.headKey, view.closedKey].map((viewId) => ({ entityKey, viewId }));
  const [head, closed] = await new DynamoWindowItems({ client, tableName }).read(addresses);
  return readPair(view, { head: head?.packed, closed: closed?.packed }, start + 2 * hour - minute);
}

const done = { batchItemFailures: [] };

it('folds what two shards bring of the same drivers at once, each record once, whatever comes again', async () => {
  const ridesIn = (shard: string) =>
    ridesRecords(
      Array.from({ length: 240 }, (_, index) => ({
        driver: 1 + (index % 4),
        fare: 1,
        atMillis: hour + index * 11_000,
      })),
      shard,
    );
  const shards = ['shardId-000000000000', 'shardId-000000000001'].map(ridesIn);
  await Promise.all(
    shards.map(async (records) => {
      const handle = createHandler(repository);
      for (let first = 0; first < records.length; first += 40) {
        const batch = invocation(records.slice(first, first + 60));
        expect(await handle(batch, context)).toEqual(done);
        expect(await handle(batch, context)).toEqual(done);
      }
    }),
  );
  for (const driver of [1, 2, 3, 4])
    expect(await readingOf(driver)).toEqual({ kind: 'values', values: [120n, 120n], marks: '..' });
  const [row] = await new DynamoOnlineRows({ client, tableName }).read(
    [{ entityKey: driverKey(4), viewId: 'last_ride@1' }],
    { deadlineMillis: Date.now() + 5000, consistent: true },
  );
  expect(row).toMatchObject({ kind: 'found', packed: expect.stringContaining(`[${start + hour + 239 * 11_000},`) });
});

it('hands back what it cannot do now by the sequence that Kinesis knows, and does it when it comes again', async () => {
  const records = ridesRecords([
    { driver: 8, fare: 5, atMillis: hour },
    { driver: 9, fare: 7, atMillis: hour },
  ]);
  const batch = invocation(records);
  const handed = { batchItemFailures: [{ itemIdentifier: '1' }] };
  expect(await createHandler(repository)(batch, { getRemainingTimeInMillis: () => 9_000 })).toEqual(handed);
  vi.stubEnv('ONLINE_TABLE_NAME', 'there-is-no-such-table');
  expect(await createHandler(repository)(batch, context)).toEqual(handed);
  vi.stubEnv('ONLINE_TABLE_NAME', tableName);
  vi.stubEnv('BUCKET_NAME', 'there-is-no-such-bucket');
  expect(await createHandler(repository)(batch, context)).toEqual(handed);
  vi.stubEnv('BUCKET_NAME', Bucket);
  for (const driver of [8, 9]) expect(await readingOf(driver)).toMatchObject({ values: [0n, 0n], marks: 'dd' });
  expect(await createHandler(repository)(batch, context)).toEqual(done);
  expect([await readingOf(8), await readingOf(9)]).toMatchObject([{ values: [1n, 5n] }, { values: [1n, 7n] }]);
});

it('refuses what no event source mapping sends', async () => {
  await expect(createHandler(repository)({ Records: [{ eventID: 'x' }] }, context)).rejects.toMatchObject({
    code: 'lambda.badEvent',
  });
});
