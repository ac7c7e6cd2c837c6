import { rmSync } from 'node:fs';
import { relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { eventJson } from '#codec/event-json.ts';
import { partitionKeys } from '#engine/ingest/partition-key.ts';
import { startLocalCloud, stopLocalCloud } from '#localstack/local-cloud.ts';
import { checkout } from '#localstack/paths.ts';
import { findStreamSource } from '#spec/find.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import { callApi } from '../cli/api.ts';
import { deployRepository } from '../cli/deploy/deploy-repository.ts';
import { flightsFolder } from '../cli/quickstart/flights-data.ts';
import { loadManifest } from '../cli/repository.ts';
import { type Target, targetFile, useTarget } from '../cli/target.ts';
import { type BenchResult, percentile, withoutOutput } from './bench.ts';

/** Events of each way into the stream. */
const samples = Number(process.env.TIDEMARK_BENCH_EVENTS ?? 100);
/** The first ones start the functions. */
const warmUps = 5;
const budgetMillis = 5000;
const deadlineMillis = 60_000;
/** Between two questions; each takes some CPU from those who work on the answer. */
const pollMillis = 15;
/** Longest pause between two events, so that they meet the poller of the stream at any moment of its round. */
const pauseMillis = 1000;
const airport = 'EWR';
const carriers = ['UA', 'B6', 'EV', 'DL', 'AA', 'MQ', 'US', '9E'] as const;
const cloudName = `bench-${process.pid}`;

type Row = Readonly<Record<string, Value>>;
type Put = (row: Row) => Promise<void>;

/** From the moment at which an event happens and is sent until a value that counts it is served over HTTP; examples/flights on a local cloud of its own. */
export async function run(): Promise<readonly BenchResult[]> {
  try {
    const cloud = await startLocalCloud({ name: cloudName, port: 0 });
    const repository = relative(checkout.root, flightsFolder);
    const deployment = { stage: 'dev', repository, local: cloud, targetName: cloudName, talk: () => {} };
    const target = await withoutOutput(() => deployRepository(deployment));
    useTarget(target);
    const source = findStreamSource(await loadManifest(flightsFolder), 'departure_events');
    return [
      ...(await figures('POST /v1/push', target, pushed(target, source))),
      ...(await figures('PutRecords', target, putRecords(target, source))),
    ];
  } finally {
    await stopLocalCloud(cloudName);
    rmSync(targetFile(cloudName), { force: true });
  }
}

async function figures(way: string, target: Target, put: Put): Promise<readonly BenchResult[]> {
  const millis: number[] = [];
  for (let number = 0; number < warmUps + samples; number++) {
    const taken = await freshness(target, put, number);
    if (number >= warmUps) millis.push(taken);
    await wait(Math.random() * pauseMillis);
  }
  return [50, 95, 99].map((rank) => ({
    name: `freshness: event to served value, ${way}, p${rank}`,
    value: percentile(millis, rank / 100),
    unit: 'ms',
    ...(rank === 95 ? { budget: budgetMillis } : {}),
  }));
}

/** Milliseconds from the event to the first answer that counts it. */
async function freshness(target: Target, put: Put, number: number): Promise<number> {
  const before = await latestDelay(target);
  const delay = before === number ? number + 1 : number;
  const startedAt = performance.now();
  await put(departure(number, delay));
  while ((await latestDelay(target)) !== delay) {
    if (performance.now() - startedAt > deadlineMillis)
      throw new Error(`event ${number} is not served ${deadlineMillis} ms after it happened`);
    await wait(pollMillis);
  }
  return performance.now() - startedAt;
}

function departure(number: number, delay: number): Row {
  const nowMillis = Date.now();
  return {
    flight_id: BigInt(nowMillis),
    carrier: carriers[number % carriers.length] ?? airport,
    flight_number: number,
    tailnum: 'N14228',
    origin: airport,
    dest: 'IAH',
    distance: 1400,
    scheduled_departure: nowMillis - delay * 60_000,
    event_timestamp: nowMillis,
    created_timestamp: nowMillis,
    dep_delay: delay,
    cancelled: false,
  };
}

function pushed(target: Target, source: StreamSource): Put {
  return async (row) => {
    const body = `{"events":[${eventJson(source, row)}]}`;
    const { accepted } = (await callApi(target, `/v1/push/${source.name}`, body)) as { accepted: number }; // the API's documented shape
    if (accepted !== 1) throw new Error('the event was not accepted');
  };
}

function putRecords(target: Target, source: StreamSource): Put {
  const streamName = target.streams[source.name] ?? '';
  const stream = new KinesisEventStream({ client: createKinesisClient(), streamName });
  const partitionKey = partitionKeys(source);
  return async (row) => {
    const [outcome] = await stream.put([
      { partitionKey: partitionKey(row), data: Buffer.from(eventJson(source, row)) },
    ]);
    if (outcome?.kind !== 'put') throw new Error('the stream did not take the event');
  };
}

async function latestDelay(target: Target): Promise<unknown> {
  const question = { features: ['origin_departures_live:last_delay_24h'], entities: [{ origin: airport }] };
  const answer = (await callApi(target, '/v1/online-features', JSON.stringify(question))) as {
    rows: { values: unknown[] }[];
  }; // the API's documented shape
  return answer.rows[0]?.values[0];
}
