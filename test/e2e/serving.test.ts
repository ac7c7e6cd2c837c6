import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { flightsFolder } from '#cli/quickstart/flights-data.ts';
import { FlightsOracle } from '../oracle/flights.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { type HttpAnswer, type HttpCall, httpCall } from '../support/http-call.ts';
import { type ParquetRow, parquetRows } from '../support/parquet-rows.ts';

interface Served {
  readonly names: readonly string[];
  readonly rows: readonly {
    readonly entity: Readonly<Record<string, unknown>>;
    readonly values: readonly unknown[];
    readonly status: readonly string[];
    readonly eventTime: readonly (string | null)[];
  }[];
  readonly meta: {
    readonly asOf: string;
    readonly partial: boolean;
    readonly service: string;
    readonly version: number;
  };
}

let flights: DeployedFlights;
let departures: readonly ParquetRow[];
let oracle: FlightsOracle;

const rowsOf = (name: string): Promise<ParquetRow[]> =>
  parquetRows(readFileSync(join(flightsFolder, 'data', `${name}.parquet`)), flights.shiftMillis);

beforeAll(async () => {
  flights = await deployedFlights();
  departures = await rowsOf('departures');
  oracle = new FlightsOracle({
    departures,
    weather: await rowsOf('weather'),
    planes: await rowsOf('planes'),
    ticksAfterMillis: flights.startMillis,
  });
});

const call = (path: string, options?: HttpCall): Promise<HttpAnswer> => httpCall(flights.target, path, options);

async function serve(body: unknown): Promise<Served> {
  const answer = await call('/v1/online-features', { body });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Served; // the API's documented shape
}

interface Flight {
  readonly carrier: string;
  readonly origin: string;
  readonly tailnum: string;
  readonly distance: number;
}

/** One flight of each plane, planes in order of their first flight of the year. */
function flightsOfPlanes(): Flight[] {
  const byPlane = new Map<string, Flight>();
  for (const { carrier, origin, tailnum, distance } of departures)
    if (typeof tailnum === 'string' && !byPlane.has(tailnum))
      byPlane.set(tailnum, { carrier: String(carrier), origin: String(origin), tailnum, distance: Number(distance) });
  return [...byPlane.values()];
}

const keysOf = ({ carrier, origin, tailnum }: Flight) => ({ carrier, origin, tailnum });
const serviceRequest = (asked: readonly Flight[]) => ({
  service: 'delay_model',
  entities: asked.map(keysOf),
  request: asked.map(({ distance }) => ({ distance })),
  metadata: ['status', 'eventTime'],
});

describe('online features over HTTP', () => {
  it('serves 300 planes, with values that the oracle computes from the source rows at the served tick', async () => {
    const asked = flightsOfPlanes().slice(0, 300);
    const seen = new Map<string, number>();
    const wrong: string[] = [];
    for (let start = 0; start < asked.length; start += 100) {
      const batch = asked.slice(start, start + 100);
      const { names, rows, meta } = await serve(serviceRequest(batch));
      expect(meta).toMatchObject({ service: 'delay_model', version: 1, partial: false });
      expect(rows.map(({ entity }) => entity)).toEqual(batch.map(keysOf));
      rows.forEach((row, at) => {
        names.forEach((name, position) => {
          const [view = '', feature = ''] = name.split('__');
          if (feature === '' || view === 'flight_context') return;
          const read = { value: row.values[position], eventTime: row.eventTime[position] ?? null };
          const [status, expected] = expectedOf(view, feature, { flight: batch[at], asOf: meta.asOf, ...read });
          const got = row.status[position] ?? '';
          if (read.value !== expected || !status.includes(got))
            wrong.push(`${name} of ${batch[at]?.tailnum}: got ${read.value} ${got}, must be ${expected} ${status}`);
          seen.set(got, (seen.get(got) ?? 0) + 1);
        });
      });
    }
    expect(wrong.slice(0, 20)).toEqual([]);
    expect([...seen.keys()].sort()).toEqual(['DEFAULT', 'EXPIRED', 'MISSING', 'PRESENT']);
    expect(seen.get('PRESENT')).toBeGreaterThan(3_000);
  });

  it('answers for unknown entities, with the declared default where there is one', async () => {
    const { names, rows } = await serve({
      features: ['carrier_departures:cancellation_rate_1h', 'carrier_departures:departures_24h', 'plane_model:seats'],
      entities: [{ carrier: 'nobody', tailnum: 'N0' }],
    });
    expect(names).toEqual([
      'carrier_departures__cancellation_rate_1h',
      'carrier_departures__departures_24h',
      'plane_model__seats',
    ]);
    expect(rows[0]).toMatchObject({ values: [0, null, null], status: ['MISSING', 'MISSING', 'MISSING'] });
  });

  it('answers the static registry row, and the last observation of the weather as expired', async () => {
    const { rows } = await serve({
      features: ['plane_model:built_year', 'plane_model:seats', 'weather:temperature_f'],
      entities: [{ tailnum: 'N10156', origin: 'EWR' }],
      metadata: ['status', 'eventTime'],
    });
    expect(rows[0]).toMatchObject({ values: [2004, 55, null], status: ['PRESENT', 'PRESENT', 'EXPIRED'] });
    expect(rows[0]?.eventTime.slice(0, 2)).toEqual([null, null]);
  });

  it('keeps order and duplicates, and takes one request item for all', async () => {
    const [one, two] = flightsOfPlanes();
    if (!one || !two) throw new Error('no flights');
    const asked = [two, one, two, two, one];
    const { names, rows } = await serve({ ...serviceRequest(asked), request: [{ distance: 1000 }] });
    expect(rows.map(({ entity }) => entity)).toEqual(asked.map(keysOf));
    expect(rows[0]).toEqual(rows[2]);
    expect(rows[0]).toEqual(rows[3]);
    expect(rows[1]).toEqual(rows[4]);
    const distance = names.indexOf('flight_context__distance_km');
    for (const { values } of rows) expect(values[distance]).toBe(1000 * 1.609344);
  });

  it('computes on-demand features of the request and of the stored values it serves', async () => {
    const [flight] = flightsOfPlanes();
    if (!flight) throw new Error('no flights');
    const body = serviceRequest([flight]);
    const { names, rows, meta } = await serve(body);
    const value = (name: string): unknown => rows[0]?.values[names.indexOf(name)];
    const [lastDay, lastWeek] = ['24h', '7d'].map((window) => value(`carrier_departures__mean_delay_${window}`));
    expect(value('carrier_trend')).toBe(Number(lastDay) - Number(lastWeek));
    expect(value('flight_context__utc_hour')).toBe(new Date(meta.asOf).getUTCHours());
  });
});

interface Read {
  readonly flight: Flight | undefined;
  readonly asOf: string;
  readonly eventTime: string | null;
}

/** Statuses that are right at the instant of the answer, and the value: that of a label at the very tick that was served. */
function expectedOf(
  view: string,
  feature: string,
  { flight, asOf, eventTime }: Read,
): [status: string[], value: unknown] {
  const at = (instant: string) =>
    oracle.view(view, { ...flight, event_timestamp: Date.parse(instant) }, { mode: 'eventTime', lag: 0 });
  const now = at(asOf);
  if (now.state === 'missing') return [['MISSING'], now.values[feature]];
  // the item of a row that has expired is dropped some day
  if (now.state === 'expired') return [['EXPIRED', 'MISSING'], now.values[feature]];
  const value = at(eventTime ?? asOf).values[feature] ?? null;
  return [['PRESENT', 'DEFAULT'], typeof value === 'bigint' ? Number(value) : value];
}

describe('what the API says of itself', () => {
  it('answers health without a token', async () => {
    const { status, json } = await call('/v1/health', { authorization: null });
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'ok' });
  });

  it('serves an OpenAPI document that names every route', async () => {
    const { status, json } = await call('/v1/openapi.json');
    expect(status).toBe(200);
    const { openapi, paths } = json as { openapi: string; paths: Record<string, unknown> }; // OpenAPI's own shape
    expect(openapi).toMatch(/^3\.1/);
    expect(Object.keys(paths).sort()).toEqual([
      '/get-online-features',
      '/health',
      '/materialize',
      '/materialize-incremental',
      '/push',
      '/v1/feature-services/{name}',
      '/v1/feature-views',
      '/v1/feature-views/{name}',
      '/v1/health',
      '/v1/online-features',
      '/v1/openapi.json',
      '/v1/push/{source}',
      '/v1/training-sets',
      '/v1/training-sets/{id}',
      '/write-to-online-store',
    ]);
  });

  it('lists the deployed views with their hashes, and the service in the order of its values', async () => {
    const { views } = (await call('/v1/feature-views')).json as { views: { id: string; definitionHash: string }[] }; // documented shape
    expect(views.map(({ id }) => id).sort()).toEqual([
      'carrier_departures@1',
      'carrier_departures_live@1',
      'flight_context@1',
      'origin_departures@1',
      'origin_departures_live@1',
      'plane_departures@1',
      'plane_history@1',
      'plane_model@1',
      'weather@1',
    ]);
    const hashes = new Map(
      flights.manifest.views.map(({ name, version, definitionHash }) => [`${name}@${version}`, definitionHash]),
    );
    for (const { id, definitionHash } of views) expect(definitionHash).toBe(hashes.get(id));
    const { features } = (await call('/v1/feature-services/delay_model')).json as { features: { name: string }[] }; // documented shape
    const [flight] = flightsOfPlanes();
    expect(features.map(({ name }) => name)).toEqual((await serve(serviceRequest(flight ? [flight] : []))).names);
  });
});

it('gives vectors in the order of the training set, nulls filled and told', async () => {
  const body = {
    service: 'delay_model',
    entities: [{ carrier: 'UA', origin: 'EWR', tailnum: 'none' }],
    request: [{ distance: 1400 }],
    format: 'vector',
    fill: -1,
  };
  const { json } = await call('/v1/online-features', { body });
  const { names, rows, meta } = json as {
    names: string[];
    rows: { vector: number[]; filled: number[]; status: string[] }[];
    meta: { fill: number };
  }; // the API's documented shape
  const dataset = JSON.parse(readFileSync(join(flights.folder, 'training-set', 'manifest.json'), 'utf8'));
  expect(names).toEqual(dataset.features.map(({ name }: { name: string }) => name));
  const [row] = rows;
  expect(meta.fill).toBe(-1);
  expect(row?.vector).toHaveLength(names.length);
  expect(row?.filled).toContain(names.indexOf('plane_model__seats'));
  expect(row?.filled.every((position) => row.vector[position] === -1)).toBe(true);
});

describe('training sets over HTTP', () => {
  const csv =
    'carrier,origin,tailnum,distance,event_timestamp,label\nUA,EWR,N14228,1400,2026-01-05T10:00:00Z,a\nnobody,JFK,,7,2026-01-04T10:00:00+01:00,b\n';

  async function finished(id: string): Promise<Record<string, unknown>> {
    for (let turn = 0; turn < 300; turn++) {
      const { status, json } = await call(`/v1/training-sets/${id}`);
      expect(status).toBe(200);
      const answer = json as Record<string, unknown>; // documented shape
      if (answer.status === 'succeeded' || answer.status === 'failed') return answer;
      await wait(500);
    }
    throw new Error(`training set ${id} does not end`);
  }

  it('takes a request, answers 202 with its id, and gives the dataset once it is there', async () => {
    await flights.connections.objects.put('training-sets/e2e/spine.csv', csv);
    const { status, json } = await call('/v1/training-sets', {
      body: { service: 'delay_model', spine: 'training-sets/e2e/spine.csv', lag: '2h', label: 'label' },
    });
    expect(status).toBe(202);
    const { id } = json as { id: string }; // documented shape
    const { dataset, files, statistics, ...rest } = await finished(id);
    expect(rest).toMatchObject({ id, status: 'succeeded' });
    const [file] = files as { url: string; sizeBytes: number; rows: number }[]; // documented shape
    const linked = await fetch(file?.url ?? '');
    expect([linked.status, file?.rows]).toEqual([200, 2]);
    const stored = await flights.connections.objects.get(`datasets/${id}/part-00000.parquet`);
    expect(Buffer.from(await linked.arrayBuffer()).equals(stored?.body ?? Buffer.alloc(0))).toBe(true);
    const { url } = statistics as { url: string }; // documented shape
    const classes = ['a', 'b'].map((value) => ({ value, count: 1, share: 0.5 }));
    expect(await (await fetch(url)).json()).toMatchObject({
      rows: 2,
      label: { column: 'label', balance: { rows: 2, nulls: 0, classes } },
    });
    expect(dataset).toMatchObject({
      rows: 2,
      mode: 'asServed',
      lagMillis: 7_200_000,
      service: { name: 'delay_model', version: 1 },
    });
    const again = await call('/v1/training-sets', {
      body: { id, service: 'delay_model', spine: 'training-sets/e2e/spine.csv' },
    });
    expect(again.status).toBe(409);
  });

  it('says why a training set has failed', async () => {
    await flights.connections.objects.put(
      'training-sets/e2e/keyless.csv',
      'carrier,event_timestamp\nUA,2026-01-05T10:00:00Z\n',
    );
    const { json } = await call('/v1/training-sets', {
      body: { features: ['weather:humidity'], spine: 'training-sets/e2e/keyless.csv' },
    });
    const answer = await finished((json as { id: string }).id); // documented shape
    expect(answer).toMatchObject({ status: 'failed', error: { code: 'trainingSet.badSpine' } });
    expect(JSON.stringify(answer.error)).toMatch(/no column origin/);
  });
});
