import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { type EncodedRow, encodeRow } from '#engine/materialize/encode-row.ts';
import { readSelectedRows } from '#engine/materialize/selected-rows.ts';
import { writeRows } from '#engine/materialize/write-rows.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';
import { forEachConcurrent } from '#store/concurrent.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';
import type { BenchResult } from './bench.ts';
import { createOnlineTable, withDynamoDb } from './dynamodb-local.ts';

/** Rows of a round; both ways write them in turn, so that a busy moment of the machine meets both. */
const roundRows = Number(process.env.TIDEMARK_BENCH_ROWS ?? 6_000);
const rounds = 3;
const smallRows = 100_000;
const largeRows = Number(process.env.TIDEMARK_BENCH_ROWS_LARGE ?? 1_000_000);
/** Feast 0.67 writes 1,900 rows a second into DynamoDB Local on 2 cores. */
const feastMillisPerThousand = 1000 / 1.9;

const featureTypes: readonly FeatureType[] = [
  'float64',
  'int64',
  'string',
  'float64',
  'int64',
  'float32',
  'bool',
  'float64',
  'timestamp',
  'int32',
];
const entity = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const view = tableViewOf(
  'driver_stats',
  featureTypes.map((type, index) => ({ name: `f${index}`, type })),
  { entity: 'driver', source: 'drivers', ttlMillis: 86_400_000 },
);
const manifest: Manifest = manifestOf({
  entities: [entity],
  sources: [sourceOf('drivers', [{ name: 'driver_id', type: 'int64' }])],
  views: [view],
});

const valueAt: Readonly<Record<string, (row: number) => Value>> = {
  float64: (row) => row / 7,
  float32: (row) => Math.fround(row / 3),
  int64: (row) => BigInt(row) * 1_000_003n,
  int32: (row) => row % 1000,
  string: (row) => `text ${row % 5000}`,
  bool: (row) => row % 2 === 0,
  timestamp: (row) => 1_700_000_000_000 + row,
};

/** A selection as Athena unloads it, driver ids from `firstId`. */
function selectionFile(rows: number, firstId: number): Uint8Array {
  const column = (name: string, type: FeatureType, of: (row: number) => Value): TypedColumn => ({
    name,
    type,
    values: Array.from({ length: rows }, (_, row) => of(row)),
  });
  return writeParquet(
    [
      column('driver_id', 'int64', (row) => BigInt(firstId + row)),
      column('_event_time_ms', 'int64', (row) => BigInt(1_700_000_000_000 + row)),
      column('_created_time_ms', 'int64', (row) => BigInt(1_700_000_000_000 + row)),
      column('_run', 'int64', () => 0n),
      column('_deleted', 'bool', () => false),
      column('_marks', 'string', () => null),
      ...view.features.map(({ name, type }) => column(name, type, valueAt[type] ?? (() => null))),
    ],
    { rowGroupRows: 50_000 },
  );
}

const runReference = { view: 'driver_stats@1', lease: { name: 'lock', owner: 'bench', fence: 1 } };
const itemOf = (rows: number, copies = 1) => ({
  number: 0,
  rows: rows * copies,
  slices: Array.from({ length: copies }, () => ({ key: 'rows.parquet', rowStart: 0, rowEnd: rows })),
});

async function objectsWith(file: Uint8Array): Promise<MemoryObjects> {
  const objects = new MemoryObjects();
  await objects.put('rows.parquet', file);
  return objects;
}

/** The same conditional puts of ready-made items, in a loop. */
async function bareLoop(tableName: string, rows: readonly EncodedRow[]): Promise<void> {
  const client = createDynamoClient({ attempts: 1 });
  await forEachConcurrent(rows, 48, async ({ row }) => {
    const Item = {
      pk: { S: row.entityKey },
      sk: { S: row.viewId },
      v: { S: row.packed },
      o: { S: row.order },
      ttl: { N: String(row.expiresAtSeconds) },
    };
    try {
      await client.send(
        new PutItemCommand({
          TableName: tableName,
          Item,
          ConditionExpression: 'attribute_not_exists(pk) OR o < :o',
          ExpressionAttributeValues: { ':o': { S: row.order } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  });
}

const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
};

async function writing(): Promise<readonly BenchResult[]> {
  const client = await createOnlineTable('bench-engine', { attempts: 1 });
  await createOnlineTable('bench-bare');
  const online = new DynamoOnlineRows({ client, tableName: 'bench-engine' });
  const seconds = { engine: 0, bare: 0 };
  for (let round = -1; round < rounds; round += 1) {
    const objects = await objectsWith(selectionFile(roundRows, (round + 1) * roundRows));
    const encoded: EncodedRow[] = [];
    const { slices } = itemOf(roundRows);
    for await (const rows of readSelectedRows(objects, { view, entity, slices, rowsPerBlock: 1000 }))
      encoded.push(...rows.map((row) => encodeRow(view, entity, row)));
    const engine = await secondsOf(() => writeRows({ manifest, objects, online }, runReference, itemOf(roundRows)));
    const bare = await secondsOf(() => bareLoop('bench-bare', encoded));
    if (round < 0) continue; // compiled code and an awake server for both
    seconds.engine += engine;
    seconds.bare += bare;
  }
  const written = rounds * roundRows;
  return [
    {
      name: 'materialize: rows per second into DynamoDB Local, 10 features',
      value: written / seconds.engine,
      unit: 'rows/s',
    },
    {
      name: 'materialize: time per 1,000 rows written (1.5 times as fast as Feast)',
      value: (seconds.engine / written) * 1_000_000,
      unit: 'ms',
      budget: Math.round(feastMillisPerThousand / 1.5),
    },
    {
      name: 'materialize: time against a bare loop of the same conditional writes (70 % of its rate)',
      value: seconds.engine / seconds.bare,
      unit: 'times',
      budget: Number((1 / 0.7).toFixed(3)),
    },
  ];
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Greatest live memory (MB), of 50 looks, while one item of that many rows is read, encoded and taken by a store that keeps nothing. */
async function peakMegabytes(objects: MemoryObjects, copies: number): Promise<number> {
  let peak = 0;
  let calls = 0;
  const online: OnlineRows = {
    read: async () => [],
    writeNewer: async (rows) => {
      if (calls++ % copies === 0) {
        collectGarbage();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        peak = Math.max(peak, heapUsed + arrayBuffers);
      }
      return { written: rows.length, older: 0 };
    },
  };
  await writeRows({ manifest, objects, online }, runReference, itemOf(smallRows, copies));
  return peak / 2 ** 20;
}

async function memory(): Promise<readonly BenchResult[]> {
  const objects = await objectsWith(selectionFile(smallRows, 0));
  await peakMegabytes(objects, 1);
  const small = await peakMegabytes(objects, 1);
  const large = await peakMegabytes(objects, largeRows / smallRows);
  return [
    { name: `materialize: live memory, an item of ${largeRows} rows`, value: large, unit: 'MB' },
    {
      name: `materialize: live memory of ${largeRows} rows against ${smallRows}`,
      value: large / small,
      unit: 'times',
      budget: 1.5,
    },
  ];
}

/** Rows a second of the step that writes the online store, and whether its memory grows with its rows. */
export async function run(): Promise<readonly BenchResult[]> {
  return [...(await withDynamoDb(writing)), ...(await memory())];
}
