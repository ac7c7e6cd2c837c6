import {
  approxQuantile,
  count,
  days,
  distinct,
  eq,
  featureService,
  hours,
  last,
  lastN,
  max,
  mean,
  ratio,
  streamView,
} from 'tidemark';
import { carrier, originAirport } from './entities.ts';
import { departureEvents } from './sources.ts';

/** Windows of an hour, a day and a week, as of the very moment: their tails move by 1 minute, 15 minutes and 3 hours. */
const [hour, day, week] = [hours(1), hours(24), days(7)];
const cancellationRate = (window: number) =>
  ratio(count({ window, where: eq('cancelled', true) }), count({ window }), {
    default: 0,
    description: 'share of flights that were cancelled, 0 where there were none',
  });

export const liveDepartures = {
  departures_1h: count({ window: hour, description: 'flights that left or were cancelled' }),
  departures_24h: count({ window: day, description: 'flights that left or were cancelled' }),
  departures_7d: count({ window: week, description: 'flights that left or were cancelled' }),
  mean_delay_1h: mean('dep_delay', { window: hour, description: 'mean delay in minutes' }),
  mean_delay_24h: mean('dep_delay', { window: day, description: 'mean delay in minutes' }),
  mean_delay_7d: mean('dep_delay', { window: week, description: 'mean delay in minutes' }),
  max_delay_1h: max('dep_delay', { window: hour, description: 'greatest delay in minutes' }),
  max_delay_24h: max('dep_delay', { window: day, description: 'greatest delay in minutes' }),
  p90_delay_24h: approxQuantile('dep_delay', {
    window: day,
    quantile: 0.9,
    description: 'delay in minutes that nine flights of ten stayed under',
  }),
  cancellation_rate_1h: cancellationRate(hour),
  cancellation_rate_24h: cancellationRate(day),
  // New York flies to 105 places: all of them fit, so the number is exact.
  destinations_24h: distinct('dest', { window: day, exactUpTo: 120, description: 'number of different destinations' }),
  // Beyond 64 an estimate, with a smaller state.
  destinations_7d: distinct('dest', { window: week, description: 'number of different destinations, about' }),
  last_delay_24h: last('dep_delay', { window: day, description: 'delay of the latest flight in minutes' }),
  last_delays_24h: lastN('dep_delay', { window: day, limit: 5, description: 'delays of the latest five flights' }),
};

export const carrierDeparturesLive = streamView('carrier_departures_live', {
  entity: carrier,
  source: departureEvents,
  description: 'how a carrier is doing at all New York airports',
  features: liveDepartures,
});

export const originDeparturesLive = streamView('origin_departures_live', {
  entity: originAirport,
  source: departureEvents,
  description: 'how an airport is doing with all carriers',
  features: liveDepartures,
});

const { features: carrierFeatures } = carrierDeparturesLive;
const { features: originFeatures } = originDeparturesLive;

/** What a model for the minutes before departure would use: everything here is seconds old. */
export const delayNowcast = featureService(
  'delay_nowcast',
  [
    carrierFeatures.mean_delay_1h,
    carrierFeatures.mean_delay_7d,
    carrierFeatures.p90_delay_24h,
    originFeatures.departures_1h,
    originFeatures.mean_delay_1h,
    originFeatures.mean_delay_24h,
    originFeatures.max_delay_1h,
    originFeatures.cancellation_rate_1h,
    originFeatures.destinations_24h,
    originFeatures.last_delay_24h,
  ],
  { description: 'how late is it going to be, as of now?', owner: 'delay-prediction' },
);
