import {
  approxQuantile,
  batchView,
  count,
  date,
  days,
  decimal,
  distinct,
  entity,
  feature,
  first,
  float32,
  float64,
  hours,
  type InputValues,
  int32,
  int64,
  last,
  lastN,
  list,
  max,
  mean,
  min,
  onDemandView,
  parquetSource,
  pick,
  ratio,
  requestSource,
  streamSource,
  streamView,
  string,
  sum,
  tableView,
  timestamp,
  type ValuesOf,
} from 'tidemark';

/**
 * What the definition functions infer. There is nothing to run: the type check of the whole repository fails where a line stops
 * holding, and wrong-definitions.test.ts shows that it can.
 */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>(): void => {};

const driver = entity('driver', { keys: { driver_id: int64() } });
const trips = parquetSource('trips', {
  location: 'trips/',
  schema: {
    driver_id: int64(),
    seats: int32(),
    tip: float32(),
    fare: float64(),
    price: decimal(10, 2),
    status: string(),
    day: date(),
    stops: list(string()),
    at: timestamp(),
  },
  eventTime: 'at',
});
holds<Equal<(typeof driver)['name'], 'driver'>>();
holds<Equal<(typeof trips)['schema']['price']['type'], 'decimal(10,2)'>>();
holds<Equal<(typeof trips)['schema']['stops']['type'], 'list<string>'>>();

const window = days(1);
const stats = batchView('driver_stats', {
  entity: driver,
  source: trips,
  schedule: hours(1),
  features: {
    trips_1d: count({ window }),
    seats_1d: sum('seats', { window }),
    tips_1d: sum('tip', { window }),
    revenue_1d: sum('price', { window }),
    mean_fare_1d: mean('fare', { window, default: 0 }),
    least_seats: min('seats', { window }),
    greatest_tip: max('tip', { window }),
    greatest_price: max('price', { window }),
    first_status: first('status', { window }),
    rate: ratio(count({ window }), count({ window })),
  },
});
type TypeOf<TFeature extends keyof (typeof stats)['features']> = Exclude<
  (typeof stats)['features'][TFeature]['type'],
  undefined
>;
holds<Equal<TypeOf<'trips_1d'>, 'int64'>>();
holds<Equal<TypeOf<'seats_1d'>, 'int64'>>();
holds<Equal<TypeOf<'tips_1d'>, 'float64'>>();
holds<Equal<TypeOf<'revenue_1d'>, 'float64'>>();
holds<Equal<TypeOf<'mean_fare_1d'>, 'float64'>>();
holds<Equal<TypeOf<'least_seats'>, 'int32'>>();
holds<Equal<TypeOf<'greatest_tip'>, 'float32'>>();
holds<Equal<TypeOf<'greatest_price'>, 'float64'>>();
holds<Equal<TypeOf<'first_status'>, 'string'>>();
holds<Equal<TypeOf<'rate'>, 'float64'>>();

const latest = tableView('latest_trip', {
  entity: driver,
  source: trips,
  features: { fare: feature(), state: feature('status'), stops: feature({ description: 'where it went' }) },
});
holds<
  Equal<
    ValuesOf<typeof latest>,
    {
      readonly fare: number | null;
      readonly state: string | null;
      readonly stops: readonly (string | null)[] | null;
    }
  >
>();

const orders = streamSource('orders', {
  schema: {
    driver_id: int64(),
    order_id: string(),
    total: float64(),
    price: decimal(10, 2),
    city: string(),
    at: timestamp(),
  },
  eventTime: 'at',
  eventId: 'order_id',
});
holds<Equal<(typeof orders)['schema']['price']['type'], 'decimal(10,2)'>>();
const live = streamView('driver_live', {
  entity: driver,
  source: orders,
  features: {
    orders_1h: count({ window }),
    total_1h: sum('total', { window, hop: hours(1) }),
    last_city: last('city', { window }),
    last_cities: lastN('city', { window, limit: 3, default: ['none'] }),
    last_prices: lastN('price', { window, limit: 3 }),
    cities: distinct('city', { window, exactUpTo: 100 }),
    median_total: approxQuantile('total', { window, quantile: 0.5, default: 0 }),
  },
});
holds<
  Equal<
    ValuesOf<typeof live>,
    {
      readonly orders_1h: bigint | null;
      readonly total_1h: number | null;
      readonly last_city: string | null;
      readonly last_cities: readonly (string | null)[] | null;
      readonly last_prices: readonly (number | null)[] | null;
      readonly cities: bigint | null;
      readonly median_total: number | null;
    }
  >
>();

const ride = requestSource('ride', { schema: { km: float64(), seats: int64() } });
const inputs = { stats: pick(stats, ['trips_1d', 'mean_fare_1d']), latest, ride };
holds<
  Equal<InputValues<typeof inputs>['stats'], { readonly trips_1d: bigint | null; readonly mean_fare_1d: number | null }>
>();
holds<Equal<InputValues<typeof inputs>['ride'], { readonly km: number | null; readonly seats: bigint | null }>>();

const computed = onDemandView('computed', {
  inputs,
  outputs: { fare_per_km: float64(), seats: feature(int64(), { description: 'handed through' }) },
  transform: ({ stats: { mean_fare_1d }, ride: { km, seats } }, { asOf }) => {
    holds<Equal<typeof mean_fare_1d, number | null>>();
    holds<Equal<typeof seats, bigint | null>>();
    holds<Equal<typeof asOf, number>>();
    return { fare_per_km: mean_fare_1d === null || km === null ? null : mean_fare_1d / km, seats };
  },
});
holds<Equal<ValuesOf<typeof computed>, { readonly fare_per_km: number | null; readonly seats: bigint | null }>>();

// An on-demand view is an input as any other view.
onDemandView('again', {
  inputs: { computed },
  outputs: { x: float64() },
  transform: ({ computed: { fare_per_km } }) => ({ x: fare_per_km }),
});
