import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { maximumRecordBytes } from '#store/event-stream.ts';
import { LocalLambda } from '../kill/local-lambda.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { type HttpCall, httpCall } from '../support/http-call.ts';
import { type Departure, LiveDepartures } from '../support/live-departures.ts';
import { runCli } from '../support/run-cli.ts';

interface PushAnswer {
  readonly results: readonly {
    readonly status: string;
    readonly shard?: string;
    readonly sequence?: string;
    readonly error?: { readonly code: string; readonly message: string };
  }[];
  readonly accepted: number;
  readonly rejected: number;
  readonly failed: number;
  readonly delivery: string;
  readonly visibleWithinMillis: number;
}

let flights: DeployedFlights;
let live: LiveDepartures;

beforeAll(async () => {
  flights = await deployedFlights();
  live = new LiveDepartures(flights);
});

async function push(events: readonly unknown[]): Promise<PushAnswer> {
  const answer = await live.push(events);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as PushAnswer; // the API's documented shape
}

/** What a command prints with --json. */
async function command(words: readonly string[]): Promise<unknown> {
  const run = await runCli([...words, '--target', flights.targetName, '--json']);
  expect(run.exitCode, run.stderr).toBe(0);
  return JSON.parse(run.stdout);
}

describe('a departure that is pushed', () => {
  it('counts in what is served, and once however often it is pushed', async () => {
    const carrier = live.newCarrier();
    const unknown = await live.windows(carrier);
    expect(new Set(Object.values(unknown.status))).toEqual(new Set(['DEFAULT']));
    expect(unknown.values).toMatchObject({
      departures_7d: 0,
      mean_delay_1h: null,
      destinations_24h: 0,
      cancellation_rate_1h: 0,
    });

    const event = live.departure(carrier);
    expect(await push([event])).toMatchObject({
      results: [{ status: 'accepted', shard: expect.any(String), sequence: expect.any(String) }],
      accepted: 1,
      rejected: 0,
      failed: 0,
      delivery: 'exactlyOnce',
      visibleWithinMillis: 5000,
    });
    const one = await live.windowsOnceCounted(carrier, 1);
    expect(new Set(Object.values(one.status))).toEqual(new Set(['PRESENT']));
    const { p90_delay_24h: p90, ...values } = one.values;
    expect(values).toEqual({
      departures_1h: 1,
      departures_24h: 1,
      departures_7d: 1,
      mean_delay_1h: 12,
      mean_delay_24h: 12,
      mean_delay_7d: 12,
      max_delay_1h: 12,
      max_delay_24h: 12,
      cancellation_rate_1h: 0,
      cancellation_rate_24h: 0,
      destinations_24h: 1,
      destinations_7d: 1,
      last_delay_24h: 12,
      last_delays_24h: [12],
    });
    expect(Math.abs(Number(p90) - 12)).toBeLessThanOrEqual(0.12);

    // The later one is behind them in the shard: once it counts they have been looked at.
    expect(await push([event, event])).toMatchObject({ accepted: 2, delivery: 'exactlyOnce' });
    await push([live.departure(carrier, { dep_delay: 40, dest: 'SFO', cancelled: true })]);
    const two = await live.windowsOnceCounted(carrier, 2);
    expect(two.values).toMatchObject({
      departures_1h: 2,
      departures_7d: 2,
      mean_delay_24h: 26,
      max_delay_1h: 40,
      cancellation_rate_1h: 0.5,
      destinations_7d: 2,
      last_delays_24h: [12, 40],
    });
  });

  it('has a result of its own beside others that can never be accepted', async () => {
    const carrier = live.newCarrier();
    const good = live.departure(carrier);
    const far = (millis: number): string => new Date(Date.now() + millis).toISOString();
    const bad: readonly (readonly [event: unknown, code: string, says: RegExp])[] = [
      [7, 'push.notObject', /object/],
      [{ ...good, gate: 'B4' }, 'push.unknownField', /gate/],
      [{ ...good, dep_delay: 'late' }, 'push.wrongType', /dep_delay/],
      [{ ...good, event_timestamp: null }, 'push.missingEventTime', /event_timestamp/],
      [{ ...good, flight_id: null }, 'push.missingEventId', /flight_id/],
      [{ ...good, carrier: null }, 'push.missingKeys', /carrier/],
      [{ ...good, carrier: 'x'.repeat(3000) }, 'push.invalidKey', /carrier/],
      [{ ...good, event_timestamp: far(3_600_000) }, 'push.tooFarAhead', /event_timestamp/],
      [{ ...good, event_timestamp: far(-2 * 86_400_000) }, 'push.afterDeduplication', /event_timestamp/],
      [{ ...good, dest: 'x'.repeat(maximumRecordBytes) }, 'push.eventTooLarge', /bytes/],
    ];
    const answer = await push([...bad.map(([event]) => event), good]);
    expect(answer).toMatchObject({ accepted: 1, rejected: bad.length, failed: 0 });
    expect(answer.results.map(({ error }) => error?.code)).toEqual([...bad.map(([, code]) => code), undefined]);
    for (const [at, [, , says]] of bad.entries()) expect(answer.results[at]?.error?.message).toMatch(says);
    expect((await live.windowsOnceCounted(carrier, 1)).values.departures_7d).toBe(1);
    expect((await push(bad.slice(0, 2).map(([event]) => event))).accepted).toBe(0);
  });

  const post = (body: unknown, changes: HttpCall = {}): HttpCall => ({ method: 'POST', body, ...changes });
  const known = '/v1/push/departure_events';
  it.each<readonly [what: string, path: string, call: HttpCall, status: number, says: RegExp]>([
    ['a source that there is not', '/v1/push/departure_event', post({ events: [{}] }), 404, /departure_events/],
    ['a source that is no stream', '/v1/push/departures', post({ events: [{}] }), 404, /departure_events/],
    ['no events', known, post({ events: [] }), 400, /events/],
    ['501 events', known, post({ events: Array.from({ length: 501 }, () => ({})) }), 400, /500/],
    ['events that are no list', known, post({ events: {} }), 400, /events/],
    ['an unknown member', known, post({ events: [{}], source: 'x' }), 400, /source/],
    ['malformed JSON', known, post('{"events": ['), 400, /JSON/],
    ['no token', known, post({ events: [{}] }, { authorization: null }), 401, /token|authorization/i],
    ['a GET', known, {}, 404, /method/],
  ])('is refused with %s', async (...[, path, call, status, says]) => {
    const answer = await httpCall(flights.target, path, call);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.contentType).toContain('application/problem+json');
    expect(answer.text).toMatch(says);
  });
});

interface Entry {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly detail: string;
  readonly shard: string;
  readonly sequence: string;
  readonly payload: string;
}

const list = async (...words: string[]): Promise<readonly Entry[]> =>
  // The command's documented shape.
  (await command(['quarantine', 'list', 'departure_events', '--limit', '100000', ...words])) as Entry[];

describe('records that are put into the stream directly', () => {
  it('hold nobody up where they can never be accepted, wait in quarantine, and count once replayed', async () => {
    const carrier = live.newCarrier();
    const text = (changes: Departure): string => JSON.stringify(live.departure(carrier, changes));
    const poison = { text: `{"carrier":"${carrier}", no json`, wrong: text({ dep_delay: 'late' }) };
    const outcomes = await live.put(carrier, [text({}), poison.text, text({}), poison.wrong, text({})]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => 'put'));
    expect((await live.windowsOnceCounted(carrier, 3)).values.departures_7d).toBe(3);

    let entries: readonly Entry[] = [];
    for (const startedAt = Date.now(); entries.length < 2 && Date.now() - startedAt < 90_000; await wait(500))
      entries = (await list()).filter(({ payload }) => payload.includes(carrier));
    const positions = outcomes.map((outcome) =>
      outcome.kind === 'put' ? { shard: outcome.shard, sequence: outcome.sequence } : {},
    );
    expect(entries).toMatchObject([
      { reason: 'notJson', payload: poison.text, state: 'waiting', ...positions[1] },
      { reason: 'wrongType', payload: poison.wrong, state: 'waiting', ...positions[3] },
    ]);
    expect(entries[1]?.detail).toMatch(/dep_delay/);

    const [{ id } = { id: '' }] = entries;
    const file = join(flights.folder, `corrected-${carrier}.json`);
    writeFileSync(file, text({ dep_delay: 99 }));
    const replay = ['quarantine', 'replay', 'departure_events', id, '--file', file];
    expect(await command(replay)).toMatchObject([{ id, result: 'replayed' }]);
    rmSync(file);
    const counted = await live.windowsOnceCounted(carrier, 4);
    expect(counted.values).toMatchObject({ departures_7d: 4, max_delay_24h: 99 });
    expect((await list()).map((entry) => entry.id)).not.toContain(id);
    expect((await list('--replayed')).find((entry) => entry.id === id)).toMatchObject({ state: 'replayed' });
  });

  it('count where they are as large as a record can be, and so do their neighbours', async () => {
    const carrier = live.newCarrier();
    const ofSize = (bytes: number): string => {
      const event = live.departure(carrier);
      const rest = JSON.stringify({ ...event, remark: '' }).length;
      return JSON.stringify({ ...event, remark: 'x'.repeat(bytes - rest) });
    };
    const largest = ofSize(maximumRecordBytes - live.partitionKey(carrier).length);
    const outcomes = await live.put(carrier, [JSON.stringify(live.departure(carrier)), largest]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['put', 'put']);
    // A megabyte in a column of the schema, which is archived and counted as any other value.
    const destination = 'x'.repeat(1_000_000);
    expect(await push([live.departure(carrier, { dest: destination }), live.departure(carrier)])).toMatchObject({
      accepted: 2,
    });
    expect((await live.windowsOnceCounted(carrier, 4)).values).toMatchObject({ departures_7d: 4, destinations_24h: 2 });
  });
});

describe('the deployment behind the stream', () => {
  it('serves the same after a backfill, however often, and after a compaction; all of it equals the event log', async () => {
    const carriers = [live.newCarrier(), live.newCarrier()];
    for (const [at, carrier] of carriers.entries())
      await push([0, 1, 2].map((step) => live.departure(carrier, { dep_delay: at + step, dest: `D${step}` })));
    const served = () => Promise.all(carriers.map((carrier) => live.windowsOnceCounted(carrier, 3)));
    const before = await served();

    // A year of 2013 is behind the stream, and reaches into no window of now.
    const backfill = ['backfill', 'carrier_departures_live'];
    expect(await command(backfill)).toMatchObject({ state: expect.stringMatching(/^(succeeded|nothingToDo)$/) });
    expect(await served()).toEqual(before);
    expect(await command(backfill)).toMatchObject({ state: 'nothingToDo' });
    expect(await served()).toEqual(before);

    const lambda = new LocalLambda(flights.target.endpoint ?? '');
    const compact = await lambda.nameOf('CompactEvents', { BUCKET_NAME: flights.target.bucket });
    expect(await lambda.invoke(compact, {})).toBeNull();
    expect(await served()).toEqual(before);

    const reports = (await command(['verify', 'carrier_departures_live', 'origin_departures_live'])) as Record<
      string,
      { entities: number; checked: number; mismatches: unknown[]; statuses: Record<string, number> }
    >; // the command's documented shape
    expect(Object.values(reports).flatMap(({ mismatches }) => mismatches)).toEqual([]);
    expect(Object.keys(reports).sort()).toEqual(['carrier', 'origin_airport']);
    expect(reports.carrier?.entities).toBeGreaterThan(carriers.length);
    expect(reports.carrier?.statuses.PRESENT).toBeGreaterThan(carriers.length * 15);
    expect(reports.carrier?.checked).toBe((reports.carrier?.entities ?? 0) * 15);
  }, 900_000);
});
