import {
  alias,
  batchView,
  bytes,
  count,
  days,
  entity,
  featureService,
  float64,
  hours,
  int64,
  mean,
  onDemandView,
  parquetSource,
  requestSource,
  streamSource,
  string,
  timestamp,
} from 'tidemark';
import type { createClient, DeploymentOf } from 'tidemark/client';

/**
 * What clients infer from definitions. There is nothing to run: the type check of the whole repository fails where a line stops holding
 * (see inferred-types.ts); wrong-definitions.test.ts shows what clients refuse.
 */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_ extends true>(): void => {};

const driver = entity('driver', { keys: { driver_id: int64() } });
const city = entity('city', { keys: { code: string() } });
const trips = parquetSource('trips', {
  location: 'trips/',
  schema: { driver_id: int64(), fare: float64(), at: timestamp() },
  eventTime: 'at',
});
const orders = streamSource('orders', {
  schema: { driver_id: int64(), note: string(), raw: bytes(), at: timestamp() },
  eventTime: 'at',
});
const ride = requestSource('ride', { schema: { km: float64(), from: timestamp() } });
const stats = batchView('stats', {
  entity: driver,
  source: trips,
  schedule: hours(1),
  features: { trips_1d: count({ window: days(1) }), fare_1d: mean('fare', { window: days(1) }) },
});
const pace = onDemandView('pace', {
  inputs: { ride },
  outputs: { slow: string() },
  transform: () => ({ slow: null }),
});
const pricing = featureService('pricing', [stats, alias('pace', pace.features.slow), stats.features.fare_1d]);
const definitions = { driver, city, trips, orders, ride, stats, pace, pricing };

type Typed = DeploymentOf<typeof definitions>;
holds<
  Equal<
    Typed['services']['pricing']['features'],
    { readonly stats__trips_1d: 'int64'; readonly stats__fare_1d: 'float64'; readonly pace: 'string' }
  >
>();
holds<Equal<Typed['services']['pricing@2'], Typed['services']['pricing']>>();
holds<Equal<Typed['services']['pricing']['keys'], { readonly driver_id?: 'int64'; readonly code?: 'string' }>>();
holds<Equal<Typed['services']['pricing']['request'], { readonly km?: 'float64'; readonly from?: 'timestamp' }>>();
holds<Equal<keyof Typed['sources'], 'orders'>>();

declare const client: ReturnType<typeof createClient<typeof definitions>>;

/** What the methods take and give; never called. */
async function answersHaveTheirTypes(): Promise<void> {
  const request = [{ km: 2, from: new Date() }];
  const { rows } = await client.onlineFeatures({ service: 'pricing@1', entities: [{ driver_id: 7n }], request });
  holds<
    Equal<
      (typeof rows)[number]['values'],
      { readonly stats__trips_1d: bigint | null; readonly stats__fare_1d: number | null; readonly pace: string | null }
    >
  >();
  const listed = await client.onlineColumns({ features: ['stats:fare_1d', 'pace@1:slow'], entities: [{ code: 'x' }] });
  holds<Equal<keyof (typeof listed)['columns'], 'stats__fare_1d' | 'pace__slow'>>();
  holds<Equal<(typeof listed)['columns']['pace__slow'], readonly (string | null)[]>>();
  await client.push('orders', [{ driver_id: 1, note: null, at: '2026-01-31T09:30:00Z', raw: new Uint8Array() }]);
  await client.createTrainingSet({ spine: 'labels.parquet', features: ['stats:trips_1d'] });
}
void answersHaveTheirTypes;
