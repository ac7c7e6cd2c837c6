import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { sequenceNumber } from '#semantics/stream/sequence.ts';
import type { NewRecord, StreamRecord } from '#store/event-stream.ts';
import { oracleFeature } from '#test/support/oracle-features.ts';
import { Random } from '#test/support/random.ts';
import { randomSettings } from '#test/support/seed.ts';
import { type CountedEvent, countedEvents, type OracleRecord, streamFeatureAt } from '../oracle/stream-view.ts';
import { type DeployedDepartures, departuresOf2013, deployDepartures } from './deployed-departures.ts';
import { killProcessesOf } from './local-lambda.ts';

/** The consumers of a real stream, killed, throttled and handed old records at random. TIDEMARK_CASES is the number of such faults. */
const { seed, cases: faults, again } = randomSettings(5);
const random = new Random(seed);
const events = faults < 20 ? 4000 : 20_000;
const dayMillis = 86_400_000;
const skewMillis = 5 * 60_000;
const views = { carrier_windows: 'carrier', origin_windows: 'origin', plane_windows: 'tailnum' } as const;
const maxEvents = { plane_windows: 1000 };

let deployed: DeployedDepartures;
let waiting: NewRecord[];
const planted: string[] = [];

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Departures moved into the last week and a half, two of three late by days; one record in 400 is bad. */
async function recordsToPut(): Promise<NewRecord[]> {
  const rows = await departuresOf2013(events);
  const [first, last] = [Number(rows[0]?.event_timestamp), Number(rows.at(-1)?.event_timestamp)];
  const end = Date.now() - 60_000;
  const records = rows.map((row, at): NewRecord => {
    const instant = end - Math.round(((last - Number(row.event_timestamp)) / (last - first)) * 8 * dayMillis);
    const { flight_id, carrier, origin, dest, tailnum, dep_delay, distance, cancelled } = row;
    const body = {
      carrier,
      origin,
      dest,
      tailnum,
      dep_delay,
      distance,
      cancelled,
      at: new Date(instant).toISOString(),
    };
    return { partitionKey: String(at), data: encode(JSON.stringify({ flight_id: String(flight_id), ...body })) };
  });
  const bad = Array.from({ length: Math.floor(events / 400) }, (_, at) => {
    const text = badTexts(at, end)[at % 5] ?? '';
    planted.push(text);
    return { at: random.integer(0, records.length), record: { partitionKey: `bad-${at}`, data: encode(text) } };
  });
  // A few thousand are on their way at once, so the order of arrival is not that of departure.
  const shuffled = records.map((record, at) => ({ record, rank: at + random.integer(0, 2000) }));
  const all = shuffled.sort((a, b) => a.rank - b.rank).map(({ record }) => record);
  for (const { at, record } of bad) all.splice(at, 0, record);
  return all;
}

/** Not JSON, a wrong type, no event time, no key of any entity, a clock that is a day ahead. */
const badTexts = (at: number, end: number): readonly string[] => {
  const whole = {
    flight_id: String(9_000_000 + at),
    carrier: 'UA',
    origin: 'EWR',
    tailnum: 'N1',
    at: new Date(end).toISOString(),
  };
  return [
    `not json ${at}`,
    JSON.stringify({ ...whole, distance: 'far' }),
    JSON.stringify({ ...whole, at: null }),
    JSON.stringify({ ...whole, carrier: null, origin: null, tailnum: null }),
    JSON.stringify({ ...whole, at: new Date(end + dayMillis).toISOString() }),
  ];
};

async function put(count: number): Promise<void> {
  const outcomes = await deployed.stream.put(waiting.splice(0, count));
  expect(outcomes.filter(({ kind }) => kind === 'failed')).toEqual([]);
}

/** A batch as a mapping hands it over. */
const batchOf = (records: readonly StreamRecord[]): unknown => ({
  Records: records.map(({ shard, sequence, arrivalMillis, data }) => ({
    eventID: `${shard}:${sequenceNumber(sequence)}`,
    kinesis: {
      sequenceNumber: sequenceNumber(sequence),
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: arrivalMillis / 1000,
    },
  })),
});

/**
 * Hands a consumer a stretch of some shard again, cut anywhere, beside what its mapping hands it. It begins in what has been done: Kinesis hands
 * over no record before those ahead of it.
 */
async function redeliver(consumer: keyof DeployedDepartures['consumers']): Promise<void> {
  const done = await deployed.done(consumer);
  const records = await deployed.records();
  const shard = random.pick([...done.keys()]);
  const own = records.filter((record) => record.shard === shard);
  const reached = own.findIndex(({ sequence }) => sequence === done.get(shard)) - 500;
  const from = random.integer(0, Math.max(0, reached));
  await deployed.lambda.invoke(deployed.consumers[consumer], batchOf(own.slice(from, from + random.integer(1, 800))));
}

/**
 * Hands a consumer the whole of a closed shard, batch by batch, until it takes them. The local cloud's mappings read no further than the first
 * batch of a closed shard, again and again.
 */
async function drain(name: string, records: readonly StreamRecord[]): Promise<void> {
  for (let from = 0; from < records.length; ) {
    const batch = records.slice(from, from + 300);
    const answer = await deployed.lambda.invoke(name, batchOf(batch));
    const [failed] =
      (answer as { batchItemFailures?: { itemIdentifier: string }[] } | undefined)?.batchItemFailures ?? []; // Lambda's form
    const at = batch.findIndex(({ sequence }) => failed && sequence.endsWith(failed.itemIdentifier));
    from += at === -1 ? batch.length : at;
  }
}

async function fault(kind: string, consumer: keyof DeployedDepartures['consumers']): Promise<void> {
  const name = deployed.consumers[consumer];
  if (kind === 'kill') {
    // It dies where it happens to be: before, between or after its writes.
    await wait(random.integer(0, 300));
    killProcessesOf(name);
  } else if (kind === 'throttle') {
    await deployed.lambda.throttle(name);
    await put(50);
    await deployed.lambda.release(name);
  } else await redeliver(consumer);
}

const oracleRecords = (records: readonly StreamRecord[], key: string): OracleRecord[] =>
  records.flatMap(({ shard, sequence, arrivalMillis, data }) => {
    const text = new TextDecoder().decode(data);
    if (planted.includes(text)) return [];
    const row = JSON.parse(text);
    return [{ key: row[key] ?? null, sentAt: Date.parse(row.at), arrival: arrivalMillis, shard, sequence, row }];
  });

/** Differences between what is served and the oracle over what the stream holds, at one instant; each entity of each view. */
async function differences(records: readonly StreamRecord[], atMillis: number): Promise<string[]> {
  const found: string[] = [];
  for (const [name, key] of Object.entries(views)) {
    const view = deployed.view(name);
    const source = deployed.repository.manifest.sources.find((one) => one.name === view.source);
    const schema = source?.schema.flatMap((column) => ('type' in column ? [column] : [])) ?? [];
    const features = view.features.map((feature) => oracleFeature(feature, schema));
    const byKey = new Map<string, CountedEvent[]>();
    for (const event of countedEvents(oracleRecords(records, key), { allowedSkew: skewMillis })) {
      if (event.key === null) continue;
      const own = byKey.get(event.key);
      if (own) own.push(event);
      else byKey.set(event.key, [event]);
    }
    const keys = [...byKey.keys()];
    const served = await deployed.served(view, keys, atMillis);
    const limit = name === 'plane_windows' ? { maxEvents: maxEvents.plane_windows } : {};
    for (const [at, entity] of keys.entries())
      features.forEach((feature, position) => {
        const own = byKey.get(entity) ?? [];
        const want = streamFeatureAt(own, feature, { t: atMillis, ...limit });
        const got = served[at]?.values[position];
        const wanted = typeof want.value === 'number' && typeof got === 'bigint' ? BigInt(want.value) : want.value;
        if (!Object.is(got, wanted))
          found.push(`${name} ${entity} ${view.features[position]?.name}: ${got}, want ${want.value}`);
      });
  }
  return found;
}

beforeAll(async () => {
  deployed = await deployDepartures();
  waiting = await recordsToPut();
});

it(`${events} events over 4 shards count exactly once, whatever happens to the consumers ${faults} times (${again})`, async () => {
  const share = Math.ceil(waiting.length / (faults + 1));
  const [half] = [Math.floor(faults / 2)];
  const happened: Record<string, number> = {};
  let closed: readonly string[] = [];
  let lastCount = 0n;
  for (let count = 0; count < faults; count++) {
    await put(share);
    const kind = random.pick(['kill', 'kill', 'throttle', 'redeliver'] as const);
    const consumer = random.chance(0.75) ? ('aggregate' as const) : ('archive' as const);
    happened[`${kind} ${consumer}`] = (happened[`${kind} ${consumer}`] ?? 0) + 1;
    await fault(kind, consumer);
    if (count === half) closed = await deployed.reshard();
    // What is stored is whole after each fault, and nothing goes back.
    const [row] = await deployed.served(deployed.view('plane_windows'), ['N14228'], Date.now());
    expect(row?.status.filter((status) => status === 'ERROR')).toEqual([]);
    lastCount = BigInt(Number(row?.values[0] ?? 0)) > lastCount ? BigInt(Number(row?.values[0] ?? 0)) : lastCount;
  }
  await put(waiting.length);
  console.error(`faults: ${JSON.stringify(happened)}`);

  const records = await deployed.records();
  expect(records.length).toBe(events + planted.length);
  for (const consumer of Object.values(deployed.consumers))
    for (const shard of closed)
      await drain(
        consumer,
        records.filter((record) => record.shard === shard),
      );
  const readAt = Date.now();
  // The consumers have come to the end when nothing differs; what still differs after minutes is wrong.
  let left = ['not looked yet'];
  while (left.length > 0 && Date.now() - readAt < 240_000) {
    left = await differences(records, Date.now());
    if (left.length > 0) await wait(1000);
  }
  expect(left.slice(0, 10)).toEqual([]);

  const good = records.filter(({ data }) => !planted.includes(new TextDecoder().decode(data)));
  const expected = good.map(({ shard, sequence }) => `${shard} ${sequence}`).sort();
  let logged: readonly string[] = [];
  while (logged.length < expected.length && Date.now() - readAt < 300_000) {
    logged = await deployed.logged();
    if (logged.length < expected.length) await wait(1000);
  }
  expect([...logged].sort()).toEqual(expected);
  expect((await deployed.quarantined()).map(({ payload }) => payload).sort()).toEqual([...planted].sort());
  // Nobody is left to count anything a second time.
  await deployed.recreateMappings();
  await wait(10_000);
  expect((await differences(records, Date.now())).slice(0, 10)).toEqual([]);
}, 1_500_000);
