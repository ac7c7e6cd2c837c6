import {
  approxQuantile,
  bool,
  count,
  days,
  distinct,
  entity,
  eq,
  hours,
  int32,
  int64,
  last,
  max,
  mean,
  min,
  ratio,
  streamSource,
  streamView,
  string,
  sum,
  timestamp,
} from 'tidemark';

const owner = 'tests';
export const carrier = entity('carrier', { keys: { carrier: string() }, description: 'an airline', owner });
export const origin = entity('origin', { keys: { origin: string() }, description: 'an airport', owner });
export const plane = entity('plane', { keys: { tailnum: string() }, description: 'an aircraft', owner });

/** Spread over shards by flight, so that each airport's events come from all of them at once. */
export const departed = streamSource('departed', {
  schema: {
    flight_id: int64(),
    carrier: string(),
    origin: string(),
    dest: string(),
    tailnum: string(),
    dep_delay: int32(),
    distance: int32(),
    cancelled: bool(),
    at: timestamp(),
  },
  eventTime: 'at',
  eventId: 'flight_id',
  partitionBy: 'flight_id',
  shards: 4,
  description: 'departures',
  owner,
});

const over = <const TName extends string>(name: TName, window: number) =>
  ({
    [`departures_${name}`]: count({ window }),
    [`distance_${name}`]: sum('distance', { window }),
    [`mean_delay_${name}`]: mean('dep_delay', { window }),
    [`min_delay_${name}`]: min('dep_delay', { window }),
    [`max_delay_${name}`]: max('dep_delay', { window }),
    [`cancelled_${name}`]: ratio(count({ window, where: eq('cancelled', true) }), count({ window })),
    [`destinations_${name}`]: distinct('dest', { window }),
    [`p90_delay_${name}`]: approxQuantile('dep_delay', { window, quantile: 0.9 }),
    [`last_destination_${name}`]: last('dest', { window }),
  }) as const;
const features = { ...over('1h', hours(1)), ...over('1d', days(1)), ...over('7d', days(7)) };
const common = { source: departed, description: 'departures of the last days', owner };

export const carrierWindows = streamView('carrier_windows', { ...common, entity: carrier, features });
export const originWindows = streamView('origin_windows', { ...common, entity: origin, features });
/** Each event by itself, as long as it counts. */
export const planeWindows = streamView('plane_windows', {
  ...common,
  entity: plane,
  exact: true,
  features: {
    flights_7d: count({ window: days(7) }),
    distance_7d: sum('distance', { window: days(7) }),
    last_destination_7d: last('dest', { window: days(7) }),
  },
});
