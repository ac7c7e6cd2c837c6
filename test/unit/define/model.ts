import {
  alias,
  batchView,
  count,
  days,
  eq,
  feature,
  featureService,
  float64,
  hours,
  mean,
  minutes,
  onDemandView,
  pick,
  ratio,
  requestSource,
  tableView,
} from '#define/index.ts';
import { driver, trips } from './fixture.ts';

/** A small repository with a view of each kind but streams, and a service over them. */
export const stats = batchView('driver_stats', {
  entity: driver,
  source: trips,
  schedule: hours(1),
  delay: minutes(10),
  ttl: days(1),
  features: {
    trips_30d: count({ window: days(30) }),
    mean_fare_30d: mean('fare', { window: days(30), default: 0, description: 'mean fare', owner: 'pricing' }),
    cancelled_30d: ratio(count({ window: days(30), where: eq('status', 'cancelled') }), count({ window: days(30) })),
  },
});
export const latest = tableView('latest_trip', {
  entity: driver,
  source: trips,
  version: 2,
  features: { fare: feature({ default: -1 }), state: feature('status') },
});
export const ride = requestSource('ride', { schema: { km: float64() } });
export const ratios = onDemandView('ratios', {
  inputs: { stats: pick(stats, ['mean_fare_30d']), ride },
  outputs: { fare_per_km: float64() },
  owner: 'pricing',
  transform: ({ stats: { mean_fare_30d }, ride: { km } }) => ({
    fare_per_km: mean_fare_30d === null || km === null ? null : mean_fare_30d / km,
  }),
});
export const model = featureService('fraud', [
  stats.features.trips_30d,
  alias('per_km', ratios.features.fare_per_km),
  latest,
]);
