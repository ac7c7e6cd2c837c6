import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { callFeast, type FeastCall, type FeastResult } from '../support/feast-client.ts';
import { httpCall } from '../support/http-call.ts';
import { LiveDepartures } from '../support/live-departures.ts';
import { runCli } from '../support/run-cli.ts';

const flight = { carrier: 'UA', origin: 'EWR', tailnum: 'N14228' };
const features = ['carrier_departures:departures_24h', 'carrier_departures:mean_delay_24h', 'weather:humidity'];
/** A station that no file of the example knows. */
const station = `T${Date.now() % 1_000_000}`;
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
/** One row of the view weather; its visibility is null. */
const observation = (event_timestamp: string, humidity: number) => ({
  origin: [station],
  event_timestamp: [event_timestamp],
  temperature_f: [61],
  humidity: [humidity],
  wind_mph: [7.25],
  precipitation_in: [0],
  visibility_mi: [null],
  pressure_mb: [1012.5],
});
const calls = {
  refs: {
    features,
    rows: [
      { carrier: 'UA', origin: 'EWR' },
      { carrier: 'DL', origin: 'LGA' },
    ],
  },
  fullNames: { features, rows: [{ carrier: 'UA', origin: 'EWR' }], full_names: true },
  service: { service: 'delay_model', rows: [{ ...flight, distance: 1400 }], full_names: true },
  unknownEntity: { features: ['carrier_departures:departures_24h'], rows: [{ carrier: 'QQ' }] },
  unknownView: { features: ['carier_departures:departures_24h'], rows: [{ carrier: 'UA' }] },
  unknownFeature: { features: ['carrier_departures:departures_2h'], rows: [{ carrier: 'UA' }] },
  unknownService: { service: 'delay_modle', rows: [flight] },
  nullKey: { features: ['carrier_departures:departures_24h'], rows: [{ carrier: null }] },
  missingKey: { features: ['carrier_departures:departures_24h'], rows: [{ plane: 'N14228' }] },
  push: { push: 'observations', frame: observation(minutesAgo(10), 50) },
  pushOlder: { push: 'observations', frame: observation(minutesAgo(20), 20) },
  pushWithoutFeature: {
    push: 'observations',
    frame: { origin: [station], event_timestamp: [minutesAgo(9)], humidity: [1] },
  },
  pushed: { features: ['weather:humidity', 'weather:wind_mph', 'weather:visibility_mi'], rows: [{ origin: station }] },
  materialize: { materialize: ['weather'] },
  materializeUnknown: { materialize: ['wether'] },
  missingField: { service: 'delay_model', rows: [flight], full_names: true },
} as const satisfies Readonly<Record<string, FeastCall>>;

let flights: DeployedFlights;
const home = mkdtempSync(join(tmpdir(), 'tidemark-feast-'));
let results: Readonly<Record<keyof typeof calls, FeastResult>>;

beforeAll(async () => {
  flights = await deployedFlights();
  const answers = await callFeast(flights.target, home, Object.values(calls));
  results = Object.fromEntries(Object.keys(calls).map((name, index) => [name, answers[index]])) as typeof results; // one of each
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The same rows by our own route, as columns of result names. */
async function ours(body: object): Promise<Record<string, unknown[]>> {
  const { status, json } = await httpCall(flights.target, '/v1/online-features', { body });
  expect(status).toBe(200);
  const { names, rows } = json as { names: string[]; rows: { values: unknown[] }[] }; // its documented shape
  return Object.fromEntries(names.map((name, index) => [name, rows.map(({ values }) => values[index])]));
}

describe("Feast's SDK, unmodified", () => {
  it('reads by reference what our own route serves', async () => {
    const expected = await ours({ features, entities: calls.refs.rows });
    expect(results.refs.columns).toEqual({
      carrier: ['UA', 'DL'],
      origin: ['EWR', 'LGA'],
      departures_24h: expected.carrier_departures__departures_24h,
      mean_delay_24h: expected.carrier_departures__mean_delay_24h,
      humidity: expected.weather__humidity,
    });
    expect(expected.carrier_departures__departures_24h?.every((count) => Number(count) > 0)).toBe(true);
  });

  it('reads with full feature names', () => {
    expect(Object.keys(results.fullNames.columns ?? {})).toEqual([
      'carrier',
      'origin',
      ...features.map((feature) => feature.replace(':', '__')),
    ]);
  });

  it('reads a service by its name, stored features and features on demand', async () => {
    const expected = await ours({ service: 'delay_model', entities: [flight], request: [{ distance: 1400 }] });
    const { flight_context__utc_hour: _, ...read } = results.service.columns ?? {}; // of the instant of the answer
    const { flight_context__utc_hour: hour, ...served } = expected;
    expect(read).toEqual({ carrier: ['UA'], origin: ['EWR'], tailnum: ['N14228'], ...served });
    expect(hour).toEqual([expect.any(Number)]);
    expect(read.flight_context__distance_km).toEqual([1400 * 1.609344]);
  });

  it('reads nothing of an entity that there is not', () => {
    expect(results.unknownEntity.columns).toEqual({ carrier: ['QQ'], departures_24h: [null] });
  });

  it('pushes rows that are served at once, the newest of them whatever came last', () => {
    expect([results.push, results.pushOlder]).toEqual([{}, {}]);
    expect(results.pushed.columns).toEqual({
      origin: [station],
      humidity: [50],
      wind_mph: [7.25],
      visibility_mi: [null],
    });
    expect(results.pushWithoutFeature.error).toBeDefined();
  });

  it('finds what it has pushed offline too', async () => {
    const run = await runCli([
      'history',
      `origin=${station}`,
      '--view',
      'weather',
      '--target',
      flights.targetName,
      '--json',
    ]);
    expect(run.exitCode, run.stderr).toBe(0);
    const { rows } = JSON.parse(run.stdout) as { rows: { values: Record<string, unknown> }[] }; // its documented shape
    expect(rows.map(({ values }) => values)).toMatchObject([{ humidity: 20 }, { humidity: 50, visibility_mi: null }]);
  });

  it('starts runs', () => {
    expect(results.materialize).toEqual({});
    expect(results.materializeUnknown).toEqual({
      error: 'FeatureViewNotFoundException',
      message: `Feature view wether does not exist in project ${flights.manifest.project}`,
    });
  });

  it('raises the errors that Feast has classes for, and says what is wrong of the others', () => {
    expect(results.unknownView).toEqual({
      error: 'FeatureViewNotFoundException',
      message: `Feature view carier_departures does not exist in project ${flights.manifest.project}`,
    });
    expect(results.unknownService).toEqual({
      error: 'FeatureServiceNotFoundException',
      message: `Feature service delay_modle does not exist in project ${flights.manifest.project}`,
    });
    expect(results.missingField.error).toBe('RequestDataNotFoundInEntityRowsException');
    expect(results.unknownFeature.message).toContain('departures_2h');
    expect(results.nullKey).toEqual({ error: 'FeastError', message: expect.stringContaining('null') });
    expect(results.missingKey.message).toContain("Missing join key values for keys: ['carrier']");
  });
});

describe("Feast's route to push", () => {
  it('puts events into a stream, which count in its windows', async () => {
    const live = new LiveDepartures(flights);
    const carrier = live.newCarrier();
    const columns = Object.entries(live.departure(carrier)).map(([name, value]) => [name, [value]]);
    const body = { push_source_name: 'departure_events', df: Object.fromEntries(columns), to: 'online_and_offline' };
    expect(await httpCall(flights.target, '/push', { body })).toMatchObject({ status: 200, text: '' });
    expect((await live.windowsOnceCounted(carrier, 1)).values).toMatchObject({ departures_1h: 1 });
  });
});

describe("Feast's routes that start runs", () => {
  it('answer once the runs are done, or that they go on', async () => {
    const body = { end_ts: new Date().toISOString(), feature_views: ['plane_model'] };
    const { status, text } = await httpCall(flights.target, '/materialize-incremental', { body });
    expect([
      { status: 200, text: 'null' },
      { status: 202, text: '{"status":"accepted","feature_views":["plane_model"]}' },
    ]).toContainEqual({ status, text });
  });
});
