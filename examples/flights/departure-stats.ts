import { batchView, count, days, distinct, eq, hours, last, max, mean, minutes, ratio, stddev } from 'tidemark';
import { carrier, originAirport, plane } from './entities.ts';
import { departures } from './sources.ts';

/** A cancelled flight has no delay: it is counted, and its null delay is ignored by mean and max. */
const departuresOver = (window: number) => count({ window, description: 'flights that left or were cancelled' });
const meanDelay = (window: number) => mean('dep_delay', { window, description: 'mean delay in minutes' });
const maxDelay = (window: number) => max('dep_delay', { window, description: 'greatest delay in minutes' });
const cancellationRate = (window: number) =>
  ratio(count({ window, where: eq('cancelled', true) }), count({ window }), {
    description: 'share of flights that were cancelled; null where there were none',
  });

const recentDepartures = {
  departures_1h: departuresOver(hours(1)),
  departures_24h: departuresOver(hours(24)),
  departures_7d: departuresOver(days(7)),
  mean_delay_1h: meanDelay(hours(1)),
  mean_delay_24h: meanDelay(hours(24)),
  mean_delay_7d: meanDelay(days(7)),
  max_delay_1h: maxDelay(hours(1)),
  max_delay_24h: maxDelay(hours(24)),
  max_delay_7d: maxDelay(days(7)),
  // An hour without flights says nothing of cancellations: the model is better off with a 0 than with a null.
  cancellation_rate_1h: ratio(count({ window: hours(1), where: eq('cancelled', true) }), count({ window: hours(1) }), {
    default: 0,
    description: 'share of flights that were cancelled, 0 where there were none',
  }),
  cancellation_rate_24h: cancellationRate(hours(24)),
  cancellation_rate_7d: cancellationRate(days(7)),
};

export const carrierDepartures = batchView('carrier_departures', {
  entity: carrier,
  source: departures,
  schedule: hours(1),
  delay: minutes(5),
  ttl: hours(6),
  description: 'how a carrier has been doing at all New York airports',
  features: recentDepartures,
});

export const originDepartures = batchView('origin_departures', {
  entity: originAirport,
  source: departures,
  schedule: hours(1),
  delay: minutes(5),
  ttl: hours(6),
  description: 'how an airport has been doing with all carriers',
  features: recentDepartures,
});

export const planeDepartures = batchView('plane_departures', {
  entity: plane,
  source: departures,
  schedule: days(1),
  delay: minutes(30),
  ttl: days(2),
  description: 'how an aircraft has been doing',
  features: recentDepartures,
});

/** A plane may be away from New York for weeks; what it did over a season still says something of it. */
export const planeHistory = batchView('plane_history', {
  entity: plane,
  source: departures,
  schedule: days(7),
  delay: minutes(30),
  ttl: days(14),
  description: 'what an aircraft did in the last 90 days',
  features: {
    departures_90d: departuresOver(days(90)),
    mean_delay_90d: meanDelay(days(90)),
    delay_stddev_90d: stddev('dep_delay', { window: days(90), description: 'spread of delays in minutes' }),
    max_delay_90d: maxDelay(days(90)),
    cancellation_rate_90d: cancellationRate(days(90)),
    mean_distance_90d: mean('distance', { window: days(90), description: 'mean distance in miles' }),
    destinations_90d: distinct('dest', { window: days(90), description: 'number of different destinations' }),
    last_destination_90d: last('dest', { window: days(90), description: 'where it went last' }),
  },
});
