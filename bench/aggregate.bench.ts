import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { aggregateBatch } from '#engine/ingest/aggregate-batch.ts';
import { readKinesisEvent } from '#lambdas/kinesis-event.ts';
import { forEachConcurrent } from '#store/concurrent.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoWindowItems } from '#store/dynamodb/window-items.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryWindowItems } from '#store/memory/window-items.ts';
import type { WindowItem } from '#store/window-items.ts';
import { BilledItems, paymentPorts, paymentRecord } from './aggregate-stream.ts';
import type { BenchResult } from './bench.ts';
import { createOnlineTable, withDynamoDb } from './dynamodb-local.ts';

const second = 1000;
const minute = 60 * second;
const week = 7 * 24 * 60 * minute;
/** Of the event source mapping. */
const batchRecords = 500;
const batches = Number(process.env.TIDEMARK_BENCH_BATCHES ?? 40);
const noDeadline = Number.POSITIVE_INFINITY;

/** Payments one after the other, of cards in turn. */
class Payments {
  #number = 0;
  #atMillis = 0;
  readonly #cards: number;

  constructor(cards: number) {
    this.#cards = cards;
  }

  take(count: number, gapMillis: number): StreamRecord[] {
    return Array.from({ length: count }, () => {
      this.#atMillis += gapMillis;
      const number = this.#number++;
      return paymentRecord({ number, card: number % this.#cards, atMillis: this.#atMillis });
    });
  }
}

interface Traffic {
  readonly gapMillis: number;
  readonly events: number;
  /** Events of a card that come in one batch. */
  readonly together: number;
}

/** What one card costs with a week of payments behind it. */
async function billed({ gapMillis, events, together }: Traffic) {
  const items = new BilledItems(new MemoryWindowItems());
  const ports = paymentPorts(items);
  const payments = new Payments(1);
  const pastMillis = Math.max(gapMillis, 20 * second);
  for (let left = Math.floor(week / pastMillis); left > 0; left -= batchRecords)
    await aggregateBatch(ports, {
      records: payments.take(Math.min(left, batchRecords), pastMillis),
      deadlineMillis: noDeadline,
    });
  Object.assign(items, { writes: 0, units: 0 });
  for (let done = 0; done < events; done += together)
    await aggregateBatch(ports, { records: payments.take(together, gapMillis), deadlineMillis: noDeadline });
  const [head = 0, closed = 0] = items.bytes.values();
  return { writes: items.writes / events, units: items.units / events, head, closed };
}

async function costs(): Promise<readonly BenchResult[]> {
  const dense = await billed({ gapMillis: second, events: 3600, together: 1 });
  const coalesced = await billed({ gapMillis: second, events: 3600, together: 10 });
  const sparse = await billed({ gapMillis: minute, events: 2000, together: 1 });
  const view = '3 windows x 5 aggregates';
  return [
    {
      name: `aggregate: write units per event, ${view}, an event a second, each alone`,
      value: dense.units,
      unit: 'units',
      budget: 2,
    },
    {
      name: `aggregate: write units per event, ${view}, an event a minute, each alone`,
      value: sparse.units,
      unit: 'units',
      budget: 2,
    },
    {
      name: 'aggregate: writes per 1,000 events, 10 of a key in a batch',
      value: coalesced.writes * 1000,
      unit: 'writes',
    },
    {
      name: 'aggregate: write units per 1,000 events, 10 of a key in a batch',
      value: coalesced.units * 1000,
      unit: 'units',
    },
    {
      name: `aggregate: both items of a key with a week of events, ${view}`,
      value: dense.head + dense.closed,
      unit: 'bytes',
    },
  ];
}

/** The records as an event source mapping hands them over. */
const eventOf = (records: readonly StreamRecord[]) => ({
  Records: records.map(({ shard, sequence, arrivalMillis, data }) => ({
    eventID: `${shard}:${sequence}`,
    kinesis: {
      sequenceNumber: sequence,
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: arrivalMillis / 1000,
    },
  })),
});

/** The same conditional puts of ready-made items, in a loop: as many as the batches write. */
async function bareLoop(tableName: string, items: readonly WindowItem[]): Promise<void> {
  const client = createDynamoClient({ attempts: 1 });
  await forEachConcurrent(items, 48, async (item) => {
    try {
      await client.send(
        new PutItemCommand({
          TableName: tableName,
          Item: {
            pk: { S: item.entityKey },
            sk: { S: item.viewId },
            v: { S: item.packed },
            q: { S: item.progress },
            r: { N: String(item.revision) },
            ttl: { N: String(item.expiresAtSeconds) },
          },
          ConditionExpression: 'attribute_not_exists(pk) OR r < :r',
          ExpressionAttributeValues: { ':r': { N: String(item.revision) } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  });
}

const cpuSeconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function timed(work: () => Promise<unknown>): Promise<Timed> {
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  return { seconds: (performance.now() - startedAt) / 1000, cpuSeconds: cpuSeconds(cpu) };
}

const plus = (a: Timed, b: Timed): Timed => ({
  seconds: a.seconds + b.seconds,
  cpuSeconds: a.cpuSeconds + b.cpuSeconds,
});

/** Batches of 500 events of 100 cards: Kinesis event to batch response, into DynamoDB Local. */
async function handling(): Promise<readonly BenchResult[]> {
  const client = await createOnlineTable('bench-aggregate', { attempts: 1 });
  await createOnlineTable('bench-bare-items');
  const store = new DynamoWindowItems({ client, tableName: 'bench-aggregate' });
  const ports = paymentPorts(store);
  const payments = new Payments(100);
  let [engine, bare]: [Timed, Timed] = [
    { seconds: 0, cpuSeconds: 0 },
    { seconds: 0, cpuSeconds: 0 },
  ];
  let failures = 0;
  for (let batch = -10; batch < batches; batch++) {
    const event = eventOf(payments.take(batchRecords, 10));
    const time = await timed(async () => {
      const result = await aggregateBatch(ports, { records: readKinesisEvent(event), deadlineMillis: noDeadline });
      failures += result.failedFrom === undefined ? 0 : 1;
    });
    const cards = Array.from({ length: 100 }, (_, card) => paymentRecord({ number: card, card, atMillis: 0 }));
    const written = await itemsOf(store, ports, cards);
    const bareTime = await timed(() => bareLoop('bench-bare-items', written));
    if (batch < 0) continue; // compiled code and an awake server for both
    engine = plus(engine, time);
    bare = plus(bare, bareTime);
  }
  if (failures > 0) throw new Error(`${failures} batches were handed back`);
  const events = batches * batchRecords;
  return [
    {
      name: 'aggregate: events per second into DynamoDB Local, 500 of 100 keys a batch',
      value: events / engine.seconds,
      unit: 'events/s',
    },
    {
      name: 'aggregate: events per second of one core of the consumer',
      value: events / engine.cpuSeconds,
      unit: 'events/s',
    },
    {
      name: 'aggregate: CPU against a bare loop of as many conditional writes',
      value: engine.cpuSeconds / bare.cpuSeconds,
      unit: 'times',
      budget: 3,
    },
  ];
}

/** The items that stand for the entities of records. */
async function itemsOf(
  store: DynamoWindowItems,
  { views }: ReturnType<typeof paymentPorts>,
  records: readonly StreamRecord[],
): Promise<WindowItem[]> {
  const [target] = views.windowed;
  const keys = records.map((_, card) => `1|card|l${String(card).length}:${card}|`);
  const found = await store.read(keys.map((entityKey) => ({ entityKey, viewId: target?.headKey ?? '' })));
  return found.flatMap((item) => item ?? []);
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Live memory (MB) after that many batches of 500 events of 100 cards. */
async function memory(): Promise<readonly BenchResult[]> {
  const ports = paymentPorts(new MemoryWindowItems());
  const payments = new Payments(100);
  const megabytesAfter = async (count: number): Promise<number> => {
    for (let batch = 0; batch < count; batch++)
      await aggregateBatch(ports, { records: payments.take(batchRecords, minute / 10), deadlineMillis: noDeadline });
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 2 ** 20;
  };
  const early = await megabytesAfter(250); // 8 days: every window is full
  const late = await megabytesAfter(1000);
  return [
    {
      name: 'aggregate: live memory after 625,000 events against 125,000',
      value: late / early,
      unit: 'times',
      budget: 1.2,
    },
  ];
}

/** What a stream's events cost: write units, time of the consumer, memory. */
export async function run(): Promise<readonly BenchResult[]> {
  return [...(await costs()), ...(await withDynamoDb(handling)), ...(await memory())];
}
