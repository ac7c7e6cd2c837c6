import { readFileSync } from 'node:fs';
import { parquetMetadata } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { type LoadedRepository, loadRepository } from '#define/node/load-repository.ts';
import { aggregationsOf } from '#spec/aggregation.ts';
import { findParquetSource, findService, findStreamSource, findView } from '#spec/find.ts';
import { greatestInstant } from '../../../cli/load/shift-times.ts';

let loaded: LoadedRepository;
beforeAll(async () => {
  loaded = await loadRepository('examples/flights');
});

const parquetTypes: Readonly<Record<string, string>> = {
  'INT32 INT_32': 'int32',
  'INT64 INT_64': 'int64',
  'INT64 TIMESTAMP_MILLIS': 'timestamp',
  'BYTE_ARRAY UTF8': 'string',
  DOUBLE: 'float64',
  BOOLEAN: 'bool',
};
function columnsOf(file: string): Readonly<Record<string, string | undefined>> {
  const bytes = readFileSync(`examples/flights/data/${file}.parquet`);
  const { schema } = parquetMetadata(new Uint8Array(bytes).buffer);
  return Object.fromEntries(
    schema
      .slice(1)
      .map(({ name, type, converted_type }) => [name, parquetTypes[[type, converted_type].filter(Boolean).join(' ')]]),
  );
}

describe('flights', () => {
  it.each([
    ['departures', 'departures'],
    ['weather_observations', 'weather'],
    ['plane_registry', 'planes'],
  ])('source %s declares the columns of its file', (source, file) => {
    const { schema } = findParquetSource(loaded.repository.manifest, source);
    expect(Object.fromEntries(schema.map(({ name, type }) => [name, type]))).toEqual(columnsOf(file));
  });

  it('streams departures as their file has them, which is the history up to the last one', async () => {
    const { manifest } = loaded.repository;
    const { schema, history, deduplicateBy } = findStreamSource(manifest, 'departure_events');
    expect(schema).toEqual(findParquetSource(manifest, 'departures').schema);
    const last = await greatestInstant(readFileSync('examples/flights/data/departures.parquet'), 'event_timestamp');
    expect(history?.latencyMillis).toBe(30_000);
    expect(last + 30_000).toBeLessThanOrEqual(history?.untilMillis ?? 0);
    expect(deduplicateBy).toEqual({ field: 'flight_id', withinMillis: 86_400_000 });
  });

  it.each(['carrier_departures_live', 'origin_departures_live'])(
    '%s has windows of an hour, a day and a week with every kind of aggregate',
    (name) => {
      const view = findView(loaded.repository.manifest, name);
      if (view.kind !== 'stream') throw new Error(`${name} is ${view.kind}`);
      const aggregations = view.features.flatMap(({ formula }) => aggregationsOf(formula));
      const windows = new Map(aggregations.map(({ windowMillis, hopMillis }) => [windowMillis, hopMillis]));
      const [minute, hour] = [60_000, 3_600_000];
      expect(windows).toEqual(
        new Map([
          [hour, minute],
          [24 * hour, 15 * minute],
          [168 * hour, 3 * hour],
        ]),
      );
      expect(new Set(aggregations.map(({ kind }) => kind))).toEqual(
        new Set(['count', 'mean', 'max', 'approxQuantile', 'distinct', 'last', 'lastN']),
      );
    },
  );

  it('serves the nowcast from streams alone', () => {
    const { features } = findService(loaded.repository.manifest, 'delay_nowcast');
    expect(features).toHaveLength(10);
    expect(new Set(features.map(({ view }) => view))).toEqual(
      new Set(['carrier_departures_live', 'origin_departures_live']),
    );
  });

  it('has keys and request fields as the spine has columns', () => {
    const { entities, sources } = loaded.repository.manifest;
    const spine = columnsOf('spine');
    for (const { keys } of entities) for (const { name, type } of keys) expect(spine[name]).toBe(type);
    for (const source of sources)
      if (source.kind === 'request') for (const { name, type } of source.schema) expect(spine[name]).toBe(type);
  });

  it.each([
    ['carrier_departures', 1, 12],
    ['origin_departures', 1, 12],
    ['plane_departures', 24, 12],
    ['plane_history', 7 * 24, 8],
  ])('%s ticks every %d h and has %d features', (name, scheduleHours, features) => {
    const view = findView(loaded.repository.manifest, name);
    expect(view).toMatchObject({ kind: 'batch', scheduleMillis: scheduleHours * 3_600_000 });
    expect(view.features).toHaveLength(features);
  });

  it('serves the model its features in order', () => {
    const names = findService(loaded.repository.manifest, 'delay_model').features.map(({ name }) => name);
    expect(names).toHaveLength(30);
    expect(names.slice(-3)).toEqual(['origin_rush', 'carrier_trend', 'delay_pressure']);
  });

  it('has no value where a flight is unknown, and none is divided by zero', () => {
    const unknown = { mean_delay_24h: null, mean_delay_7d: null };
    const run = (origin: Readonly<Record<string, bigint | number | null>>, distance: number | null, asOf: number) =>
      loaded.repository.transforms['flight_context@1']?.({ flight: { distance }, carrier: unknown, origin }, { asOf });
    const empty = { departures_1h: 0n, departures_24h: 0n, mean_delay_1h: null };
    expect(run(empty, 100, Date.parse('2013-07-01T13:59:59Z'))).toEqual({
      distance_km: 160.9344,
      utc_hour: 13,
      origin_rush: null,
      carrier_trend: null,
      delay_pressure: null,
    });
    expect(run({ ...empty, departures_1h: 20n, departures_24h: 240n }, null, -1)).toMatchObject({
      distance_km: null,
      utc_hour: 23,
      origin_rush: 2,
    });
  });
});
