import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type LoadedRepository, loadRepository } from '#define/node/load-repository.ts';
import type { Aggregation } from '#spec/aggregation.ts';
import { findService, findView } from '#spec/find.ts';
import { isIntegerType, type Value } from '#spec/value-type.ts';
import type { OracleAggregate, OracleEvent, OracleFeature } from '#test/oracle/aggregates.ts';
import { batchRows } from '#test/oracle/batch-view.ts';

const read = (file: string) => JSON.parse(readFileSync(`examples/ride-sharing/data/${file}`, 'utf8'));
const golden = read('golden.json');

let loaded: LoadedRepository;
beforeAll(async () => {
  loaded = await loadRepository('examples/ride-sharing');
});

interface TripCase {
  readonly title: string;
  readonly isFloat32?: boolean;
  readonly trip: readonly (number | null)[];
  readonly avg: number | null;
  readonly spend: number | null;
  readonly estimate: number | null;
  readonly ratio: number | 'Infinity';
  readonly score: number | null;
}

describe('trip_features', () => {
  it.each(golden.trip_features as readonly TripCase[])('$title', (sample) => {
    const [pickup_lat, pickup_lon, dropoff_lat, dropoff_lon] = sample.trip.map((degrees) =>
      degrees !== null && sample.isFloat32 ? Math.fround(degrees) : degrees,
    ) as [Value, Value, Value, Value]; // every case has four
    const outputs = loaded.repository.transforms['trip_features@1']?.(
      {
        trip: { pickup_lat, pickup_lon, dropoff_lat, dropoff_lon },
        user: { avg_trip_distance_30d: sample.avg, total_spend_30d: sample.spend },
      },
      { asOf: 0 },
    );
    const rounded = (value: unknown): unknown =>
      typeof value === 'number' && Number.isFinite(value)
        ? Number(value.toFixed(6))
        : value === null
          ? null
          : String(value);
    expect(Object.values(outputs ?? {}).map(rounded)).toEqual([sample.estimate, sample.ratio, sample.score]);
  });

  it('reads exactly two stored features', () => {
    const view = findView(loaded.repository.manifest, 'trip_features');
    expect(view).toMatchObject({
      inputs: [
        { kind: 'request', name: 'trip', source: 'trip_request' },
        { kind: 'view', view: 'user_stats', features: ['avg_trip_distance_30d', 'total_spend_30d'] },
      ],
    });
  });
});

describe('batch views over the sample rows give the golden values', () => {
  it.each([
    ['user_trip_features', 'trips.json', 'user_id'],
    ['customer_activity', 'transactions.json', 'customer_id'],
  ])('%s', (name, file, key) => {
    const view = findView(loaded.repository.manifest, name);
    if (view.kind !== 'batch') throw new Error(`${name} is ${view.kind}`);
    const source = loaded.repository.manifest.sources.find((candidate) => candidate.name === view.source);
    const typeOf = (column: string): string =>
      source?.schema.find((candidate) => candidate.name === column)?.type ?? '';
    const aggregateOf = (aggregation: Aggregation): OracleAggregate => ({
      kind: aggregation.kind,
      window: aggregation.windowMillis,
      ...('column' in aggregation && { column: aggregation.column }),
      ...('scale' in aggregation && aggregation.scale !== undefined && { scale: aggregation.scale }),
      // The only filter of these definitions.
      ...(aggregation.where && { where: (row: OracleEvent['row']) => row.status === 'cancelled' }),
    });
    const features = view.features.map(
      ({ formula, type, default: fallback }): OracleFeature => ({
        formula:
          formula.kind === 'ratio'
            ? { kind: 'ratio', above: aggregateOf(formula.numerator), below: aggregateOf(formula.denominator) }
            : aggregateOf(formula),
        isInteger: isIntegerType(type),
        ...(typeof fallback === 'number' && { default: fallback }),
      }),
    );
    const events = (read(file) as Readonly<Record<string, string | number | null>>[]).map(
      (row): OracleEvent => ({
        key: String(row[key]),
        at: Date.parse(String(row.event_timestamp)),
        row: Object.fromEntries(
          Object.entries(row).map(([column, value]) => [
            column,
            typeOf(column) === 'int64' ? BigInt(value ?? 0) : value,
          ]),
        ),
      }),
    );
    const tick = Date.parse(golden[name].tick);
    const rows = batchRows(events, features, {
      from: tick - view.scheduleMillis,
      to: tick,
      schedule: view.scheduleMillis,
    });
    const byKey = Object.fromEntries(
      rows.map((row) => [
        row.key,
        Object.fromEntries(
          view.features.map((feature, index) => {
            const value = row.values[index];
            return [feature.name, typeof value === 'bigint' ? Number(value) : value];
          }),
        ),
      ]),
    );
    for (const [entity, expected] of Object.entries(golden[name].rows)) expect(byKey[entity]).toEqual(expected);
  });
});

describe('the services', () => {
  it('end the fraud vector of seven with the payment', () => {
    expect(findService(loaded.repository.manifest, 'fraud_model').features.map(({ name }) => name)).toEqual([
      'customer_transaction_features__total_transactions_30d',
      'customer_transaction_features__avg_transaction_amount_30d',
      'customer_transaction_features__max_transaction_amount_30d',
      'customer_transaction_features__transaction_count_7d',
      'customer_activity__payments_24h',
      'customer_activity__amount_24h',
      'transaction_amount',
    ]);
  });

  it('read what a table says of a customer and what happened within the hour, in one request', () => {
    const { manifest } = loaded.repository;
    const { features } = findService(manifest, 'fraud_realtime');
    expect(features.map(({ name }) => name).slice(3)).toEqual([
      'customer_transaction_features__transaction_count_7d',
      'transactions_last_hour',
      'amount_last_hour',
      'transaction_amount',
    ]);
    const views = ['customer_realtime_features', 'customer_activity', 'customer_transaction_features'];
    expect(views.map((name) => findView(manifest, name))).toMatchObject([
      { kind: 'stream', entity: 'customer', exact: { maxEvents: 1000 } },
      { kind: 'batch', entity: 'customer' },
      { kind: 'table', entity: 'customer' },
    ]);
  });

  it('join two entities for a ride', () => {
    expect(findService(loaded.repository.manifest, 'ride_pricing').features).toHaveLength(15);
  });

  it('keep the declared types', () => {
    const types = (view: string): readonly string[] =>
      findView(loaded.repository.manifest, view).features.map(({ type }) => type);
    expect(types('user_stats')).toEqual(['int64', 'float32', 'float32', 'float32', 'float32']);
    expect(types('driver_hourly_stats')).toEqual(['float32', 'float32', 'int32']);
    expect(types('customer_transaction_features')).toEqual(['float32', 'float32', 'float32', 'int64', 'int64']);
  });
});
