import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { backfillView } from '#cli/commands/backfill.ts';
import { type Connections, connect } from '#cli/connections.ts';
import { utf8Bytes } from '#codec/utf8.ts';
import { eventArchiver } from '#engine/ingest/archive-batch.ts';
import { compactedDayFolder } from '#engine/ingest/compaction-plan.ts';
import { dayMillis, utcDate } from '#semantics/time.ts';
import { findStreamSource } from '#spec/find.ts';
import type { StreamView } from '#spec/manifest.ts';
import type { NewRecord, StreamRecord } from '#store/event-stream.ts';
import { createGlueClient, GluePartitions } from '#store/glue/partitions.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { Random } from '#test/support/random.ts';
import { randomSettings } from '#test/support/seed.ts';
import { type DeployedDepartures, deployDepartures } from '../kill/deployed-departures.ts';

/**
 * A rebuild on a deployment. Of examples/flights it would take more than a day: where a source deduplicates, the live stream must first have met every
 * event that one beyond the cut may repeat. So this source does not.
 */
const { seed, again } = randomSettings(1);
const random = new Random(seed);
const events = 400;
const plantedEvents = 30;
const carriers = ['UA', 'B6', 'EV', 'DL'] as const;
const planes = ['N1', 'N2', 'N3', 'N4', 'N5', 'N6'] as const;
/** The consumers must learn of a cut, which they look for every 10 s, before its instant comes. */
const backfillCutSeconds = 20;
const minuteMillis = 60_000;
const deadlineMillis = 180_000;

let deployed: DeployedDepartures;
let connections: Connections;
let flightId = 0;

beforeAll(async () => {
  deployed = await deployDepartures({ backfillCutSeconds });
  connections = connect(deployed.target);
});

function departure(carrier: string, tailnum: string, atMillis: number): NewRecord {
  const place = { origin: 'EWR', dest: random.pick(['IAH', 'SFO', 'ORD', 'MIA']), distance: random.integer(90, 2500) };
  const facts = { dep_delay: random.integer(-10, 200), cancelled: random.chance(0.1) };
  const event = { flight_id: flightId++, carrier, tailnum, at: atMillis, ...place, ...facts };
  return { partitionKey: String(event.flight_id), data: utf8Bytes(JSON.stringify(event)) };
}

async function put(records: readonly NewRecord[]): Promise<void> {
  for (const { kind } of await deployed.stream.put(records)) expect(kind).toBe('put');
}

/** Values by entity and feature, without the windows of an hour, out of which events fall while this goes on. */
async function served(view: StreamView, keys: readonly string[]): Promise<Record<string, unknown>> {
  const rows = await deployed.served(view, keys, Date.now());
  return Object.fromEntries(
    rows.flatMap(({ values }, row) =>
      view.features.flatMap(({ name }, at) => (name.endsWith('_1h') ? [] : [[`${keys[row]} ${name}`, values[at]]])),
    ),
  );
}

/** What is asked for until it is as wanted; the last answer where that takes too long. */
async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (const startedAt = Date.now(); ; await wait(500)) {
    const answer = await ask();
    if (isWanted(answer) || Date.now() - startedAt > deadlineMillis) return answer;
  }
}

const flightsOf = async (view: StreamView, keys: readonly string[]): Promise<number> => {
  const at = view.features.findIndex(({ name }) => name === 'departures_7d' || name === 'flights_7d');
  return (await deployed.served(view, keys, Date.now())).reduce((sum, { values }) => sum + Number(values[at]), 0);
};

/** Events of two days ago that are in the log and in no item, in two files, as the archive writes them. */
async function plantInLog(): Promise<string> {
  const { manifest } = deployed.repository;
  const { objects } = connections;
  const partitions = new GluePartitions(createGlueClient(), deployed.target.database);
  const source = findStreamSource(manifest, 'departed');
  const archive = eventArchiver({ manifest, objects, partitions, checkpoints: new MemoryCheckpoints() }, source);
  const arrivalMillis = Date.now() - 2 * dayMillis;
  const records = Array.from({ length: plantedEvents }, (_, at): StreamRecord => {
    const { data } = departure('PL', 'NPL', arrivalMillis - 1000);
    return { shard: 'shardId-planted', sequence: String(at + 1).padStart(56, '0'), arrivalMillis, data };
  });
  for (const batch of [records.slice(0, 10), records.slice(10)]) await archive(batch);
  return compactedDayFolder(source, utcDate(arrivalMillis));
}

it(`every value is the same after it is built again from a compacted log, beside the live stream (${again})`, async () => {
  const [ofCarriers, ofPlanes] = [deployed.view('carrier_windows'), deployed.view('plane_windows')];
  const now = Date.now();
  const records = Array.from({ length: events }, () =>
    departure(random.pick(carriers), random.pick(planes), now - random.integer(0, 20 * 60) * minuteMillis),
  );
  await put(records);
  const counts = () => Promise.all([flightsOf(ofCarriers, carriers), flightsOf(ofPlanes, planes)]);
  const wanted = [events, events];
  expect(await eventually(counts, (found) => String(found) === String(wanted))).toEqual(wanted);
  const values = () => Promise.all([served(ofCarriers, carriers), served(ofPlanes, planes)]);
  const before = await values();

  const compacted = await plantInLog();
  const whole = events + plantedEvents;
  expect(
    await eventually(
      () => deployed.logged(),
      ({ length }) => length >= whole,
    ),
  ).toHaveLength(whole);
  expect(await flightsOf(ofCarriers, ['PL'])).toBe(0);
  const compact = await deployed.lambda.nameOf('CompactEvents', { BUCKET_NAME: deployed.target.bucket });
  expect(await deployed.lambda.invoke(compact, {})).toBeNull();
  const keys: string[] = [];
  for await (const { key } of connections.objects.list(compacted)) keys.push(key);
  expect(keys.filter((key) => key.endsWith('.parquet'))).toHaveLength(1);
  expect(new Set(await deployed.logged()).size).toBe(whole);
  expect(await deployed.logged()).toHaveLength(whole);

  const stateMachine = deployed.target.backfillStateMachine ?? '';
  const rebuild = (view: StreamView) => backfillView(connections, { view, stateMachine, rebuild: true });
  let isDone = false;
  let pushed = 0;
  const pushing = async (): Promise<void> => {
    for (; !isDone; pushed++) {
      await put([departure('LV', 'NLV', Date.now())]);
      await wait(200);
    }
  };
  const rebuilding = Promise.all([rebuild(ofCarriers), rebuild(ofPlanes)]).finally(() => {
    isDone = true;
  });
  const [runs] = await Promise.all([rebuilding, pushing()]);
  expect(runs.map(({ state, rowsWritten }) => ({ state, rowsWritten }))).toEqual([
    // The planted one and the live one besides.
    { state: 'succeeded', rowsWritten: carriers.length + 2 },
    { state: 'succeeded', rowsWritten: planes.length + 2 },
  ]);
  expect(await values()).toEqual(before);
  expect(await flightsOf(ofCarriers, ['PL'])).toBe(plantedEvents);
  expect(await flightsOf(ofPlanes, ['NPL'])).toBe(plantedEvents);
  const liveCounts = () => Promise.all([flightsOf(ofCarriers, ['LV']), flightsOf(ofPlanes, ['NLV'])]);
  expect(pushed).toBeGreaterThan(backfillCutSeconds);
  expect(await eventually(liveCounts, (found) => found.every((count) => count >= pushed))).toEqual([pushed, pushed]);
  expect((await backfillView(connections, { view: ofCarriers, stateMachine })).state).toBe('nothingToDo');
}, 900_000);
