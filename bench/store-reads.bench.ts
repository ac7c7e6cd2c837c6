import {
  BatchGetItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { sdkReads } from '#store/dynamodb/reads.ts';
import { signedReads } from '#store/dynamodb/signed-reads.ts';
import type { OnlineRow } from '#store/online-rows.ts';
import type { BenchResult } from './bench.ts';
import { createOnlineTable, withDynamoDb } from './dynamodb-local.ts';

const entities = 100;
const views = 5;
const shapes = [
  { name: '1', entities: 1, views: 1, calls: 400 },
  { name: '5', entities: 1, views: 5, calls: 400 },
  { name: '100', entities: 100, views: 1, calls: 100 },
  { name: '500', entities: 100, views: 5, calls: 30 },
] as const;
/** Of ten features, as packed rows are. */
const packed = JSON.stringify(Array.from({ length: 10 }, (_, index) => Math.sin(index) * 100));
const rowOf = (entity: number, view: number): OnlineRow => ({
  entityKey: `1|driver|i4:${entity}`,
  viewId: `driver_view_${view}@1`,
  order: '1',
  packed,
});
const rowsOf = (shape: { readonly entities: number; readonly views: number }): OnlineRow[] =>
  Array.from({ length: shape.entities }, (_, entity) =>
    Array.from({ length: shape.views }, (_, view) => rowOf(entity, view)),
  ).flat();

/** CPU of this process for one read of the online store by either client, and what layouts of five views cost in DynamoDB's units. */
export function run(): Promise<readonly BenchResult[]> {
  return withDynamoDb(async () => {
    const tableName = `bench-reads-${process.pid}`;
    const client = await createOnlineTable(tableName, { attempts: 1 });
    await new DynamoOnlineRows({ client, tableName }).writeNewer(rowsOf({ entities, views }));
    return [...(await clientResults(client, tableName)), ...(await layoutResults(client, tableName))];
  });
}

/** Rounds of both clients take turns: the speed of a shared machine drifts. */
async function clientResults(client: DynamoDBClient, tableName: string): Promise<BenchResult[]> {
  const [sdk, signed] = [sdkReads(client), signedReads(client)];
  const clients = {
    sdk: { reads: sdk, isWholeEntity: false },
    signed: { reads: signed, isWholeEntity: false },
    signedQuery: { reads: signed, isWholeEntity: true },
  };
  const results: BenchResult[] = [];
  for (const { name, calls, ...shape } of shapes) {
    const addresses = rowsOf(shape);
    const best = new Map<string, number>();
    for (let round = 0; round < 6; round++)
      for (const [kind, { reads, isWholeEntity }] of Object.entries(clients)) {
        if (isWholeEntity && (shape.entities > 1 || shape.views === 1)) continue; // read by keys
        const rows = new DynamoOnlineRows({ client, tableName, reads, attemptMillis: 30_000 });
        const read = async (): Promise<void> => {
          const outcomes = await rows.read(addresses, { deadlineMillis: Date.now() + 30_000, isWholeEntity });
          if (!outcomes.every((outcome) => outcome.kind === 'found')) throw new Error('a stored row was not read');
        };
        const micros = await cpuMicros(read, calls);
        if (round > 0) best.set(kind, Math.min(best.get(kind) ?? Number.POSITIVE_INFINITY, micros)); // the first one warms up
      }
    for (const [kind, value] of best)
      results.push({ name: `store.${kind}.${name}`, value: value / 1000, unit: 'ms of CPU' });
  }
  return results;
}

/** Microseconds of CPU of this process (all threads) for one of `calls` calls. */
async function cpuMicros(call: () => Promise<void>, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let at = 0; at < calls; at++) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const total = { ReturnConsumedCapacity: 'TOTAL' } as const;

/** One entity's five rows: an item each, by keys or by one query; or one item with an attribute of each. */
async function layoutResults(client: DynamoDBClient, TableName: string): Promise<BenchResult[]> {
  const rows = rowsOf({ entities: 1, views });
  const keys = rows.map(({ entityKey, viewId }) => ({ pk: { S: entityKey }, sk: { S: viewId } }));
  const together = { pk: { S: 'together' }, sk: { S: 'all' } };
  const attributes = Object.fromEntries(
    rows.flatMap(({ order, packed: text }, view) => [
      [`o${view}`, { S: order }],
      [`v${view}`, { S: text }],
    ]),
  );
  await client.send(new PutItemCommand({ TableName, Item: { ...together, ...attributes } }));
  const batch = await client.send(new BatchGetItemCommand({ ...total, RequestItems: { [TableName]: { Keys: keys } } }));
  const query = await client.send(
    new QueryCommand({
      ...total,
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: rows[0]?.entityKey ?? '' } },
    }),
  );
  const one = await client.send(
    new BatchGetItemCommand({ ...total, RequestItems: { [TableName]: { Keys: [together] } } }),
  );
  const apart = await client.send(
    new PutItemCommand({ ...total, TableName, Item: { ...keys[0], o: { S: '2' }, v: { S: packed } } }),
  );
  const update = await client.send(
    new UpdateItemCommand({
      ...total,
      TableName,
      Key: together,
      UpdateExpression: 'SET v0 = :v, o0 = :o',
      ConditionExpression: 'o0 < :o',
      ExpressionAttributeValues: { ':v': { S: packed }, ':o': { S: '2' } },
    }),
  );
  const units = { unit: 'units' };
  return [
    { name: 'layout.read.itemPerView', value: batch.ConsumedCapacity?.[0]?.CapacityUnits ?? Number.NaN, ...units },
    { name: 'layout.read.itemPerView.query', value: query.ConsumedCapacity?.CapacityUnits ?? Number.NaN, ...units },
    { name: 'layout.read.together', value: one.ConsumedCapacity?.[0]?.CapacityUnits ?? Number.NaN, ...units },
    { name: 'layout.write.itemPerView', value: apart.ConsumedCapacity?.CapacityUnits ?? Number.NaN, ...units },
    { name: 'layout.write.together', value: update.ConsumedCapacity?.CapacityUnits ?? Number.NaN, ...units },
  ];
}
