import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { runView } from '#cli/commands/materialize.ts';
import { buildTrainingSet } from '#cli/commands/training-set.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { listRunRecords, type RunRecord } from '#engine/materialize/run-record.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findParquetSource, findStoredView } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Value } from '#spec/value-type.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { httpCall } from '../support/http-call.ts';
import { parquetRows } from '../support/parquet-rows.ts';

const minuteMillis = 60_000;
const hourMillis = 60 * minuteMillis;

let flights: DeployedFlights;
/** Entities of this run of the suite alone: the deployment may have seen others. */
const mark = Date.now().toString(36);
const origin = `O${mark}`;
const lateOrigin = `L${mark}`;
const carrier = `C${mark}`;

beforeAll(async () => {
  flights = await deployedFlights();
});

/** Puts a new object of a source; members that a row leaves out are null. */
async function putObject(source: string, rows: readonly Readonly<Record<string, Value>>[]): Promise<void> {
  const { schema, location } = findParquetSource(flights.manifest, source);
  const columns = schema.map(
    ({ name, type }): TypedColumn => ({ name, type, values: rows.map((row) => row[name] ?? null) }),
  );
  await flights.connections.objects.put(
    `${objectKeys.source(location)}e2e-${Date.now()}.parquet`,
    writeParquet(columns),
  );
}

const observation = (at: number, temperature: number, where = origin) => ({
  origin: where,
  event_timestamp: at,
  created_timestamp: at,
  temperature_f: temperature,
});

const runsOf = (view: string): Promise<readonly RunRecord[]> =>
  listRunRecords(flights.connections.records, findStoredView(flights.manifest, view), 50);

/** Waits for runs that nobody here has started: those after `before`, once they have ended. */
async function runsAfter(view: string, before: number): Promise<readonly RunRecord[]> {
  for (let turn = 0; turn < 240; turn++) {
    const later = (await runsOf(view)).filter(({ run }) => run > before);
    if (later.length > 0 && later.every(({ state }) => state !== 'running')) {
      await wait(3_000); // a second one would show by now
      return (await runsOf(view)).filter(({ run }) => run > before);
    }
    await wait(500);
  }
  throw new Error(`no run of ${view} has started by itself`);
}

const newestRun = async (view: string): Promise<number> => (await runsOf(view))[0]?.run ?? 0;

/** Materializes; a run of the view that the clock has started is waited for. */
async function materialize(view: string, interval: { from?: number; to?: number } = {}): Promise<RunRecord> {
  for (let turn = 0; ; turn++) {
    try {
      return await runView(flights.connections, {
        view: findStoredView(flights.manifest, view),
        stateMachine: flights.target.materializeStateMachine,
        ...interval,
        talk: () => {},
      });
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.kind !== 'conflict' || turn > 30) throw error;
      await wait(2_000);
    }
  }
}

async function serve(features: readonly string[], entity: unknown): Promise<{ values: unknown[]; status: string[] }> {
  const { json, text } = await httpCall(flights.target, '/v1/online-features', {
    body: { features, entities: [entity] },
  });
  const { rows } = json as { rows?: { values: unknown[]; status: string[] }[] }; // the API's documented shape
  const [row] = rows ?? [];
  if (!row) throw new Error(text);
  return { values: row.values, status: row.status };
}

describe('a table view', () => {
  it('is materialized by one run of its own when a new object of its source arrives', async () => {
    const before = await newestRun('weather');
    await putObject('weather_observations', [observation(Date.now() - 20 * minuteMillis, 71.5)]);
    const runs = await runsAfter('weather', before);
    expect(runs).toMatchObject([{ state: 'succeeded', newObjects: 1, rowsSelected: 1, rowsWritten: 1 }]);
    expect(await serve(['weather:temperature_f'], { origin })).toEqual({ values: [71.5], status: ['PRESENT'] });
  });

  it('keeps the newer row when an older one arrives late, and takes a late row of an entity that had none', async () => {
    const before = await newestRun('weather');
    const late = Date.now() - 2 * hourMillis;
    await putObject('weather_observations', [observation(late, 32), observation(late, 48.25, lateOrigin)]);
    const runs = await runsAfter('weather', before);
    expect(runs).toMatchObject([{ state: 'succeeded', newObjects: 1, rowsSelected: 2, rowsWritten: 1, rowsOlder: 1 }]);
    expect((await serve(['weather:temperature_f'], { origin })).values).toEqual([71.5]);
    expect(await serve(['weather:temperature_f'], { origin: lateOrigin })).toEqual({
      values: [48.25],
      status: ['PRESENT'],
    });
  });

  it('waits with a row until it is visible', async () => {
    const before = await newestRun('weather');
    await putObject('weather_observations', [observation(Date.now() + hourMillis, 99)]);
    const runs = await runsAfter('weather', before);
    expect(runs).toMatchObject([{ state: 'succeeded', newObjects: 1, rowsSelected: 0 }]);
    expect((await serve(['weather:temperature_f'], { origin })).values).toEqual([71.5]);
  });
});

describe('running again', () => {
  it('does nothing where nothing is new', async () => {
    await materialize('plane_model');
    expect(await materialize('plane_model')).toMatchObject({ state: 'nothingToDo' });
    await materialize('plane_history');
    expect(await materialize('plane_history')).toMatchObject({ state: 'nothingToDo' });
  });

  it('leaves what is served as it is when ticks are computed again', async () => {
    const refs = findStoredView(flights.manifest, 'origin_departures').features.map(
      ({ name }) => `origin_departures:${name}`,
    );
    await materialize('origin_departures');
    const to = Math.floor((Date.now() - 5 * minuteMillis) / hourMillis) * hourMillis;
    const before = await serve(refs, { origin: 'JFK' });
    const run = await materialize('origin_departures', { from: to - 3 * hourMillis, to });
    expect(run).toMatchObject({ state: 'succeeded', ticks: 3 });
    expect(await serve(refs, { origin: 'JFK' })).toEqual(before);
  });
});

describe('ticks that are computed again with other events', () => {
  it('count from their publication: labels before it see the old row, labels after it the new one', async () => {
    await materialize('carrier_departures');
    const tick = Math.floor((Date.now() - 5 * minuteMillis) / hourMillis) * hourMillis;
    const again = () => materialize('carrier_departures', { from: tick - hourMillis, to: tick });
    const flight = (at: number) => ({
      carrier,
      event_timestamp: at,
      created_timestamp: at,
      dep_delay: 7,
      cancelled: false,
    });

    const unseen = Date.now();
    await putObject('departures', [flight(tick - 10 * minuteMillis)]);
    await again();
    const once = Date.now();
    await wait(10);
    await putObject('departures', [flight(tick - 5 * minuteMillis)]);
    await again();
    const twice = Date.now();

    const csv = [
      'carrier,event_timestamp',
      ...[once, twice, unseen].map((at) => `${carrier},${new Date(at).toISOString()}`),
    ];
    const key = `training-sets/e2e/recomputed-${mark}.csv`;
    await flights.connections.objects.put(key, csv.join('\n'));
    const dataset = await buildTrainingSet(flights.connections, flights.target, {
      id: `recomputed-${mark}`,
      spine: { key },
      choice: { features: ['carrier_departures:departures_24h'] },
    });
    const [file] = dataset.files;
    const stored = await flights.connections.objects.get(`${objectKeys.dataset(dataset.id)}${file?.name}`);
    const rows = await parquetRows(stored?.body ?? new Uint8Array());
    expect(rows.map((row) => row.carrier_departures__departures_24h)).toEqual([1n, 2n, null]);
    const served = await serve(['carrier_departures:departures_24h'], { carrier });
    expect(served).toEqual({ values: [2], status: ['PRESENT'] });
  });
});
