import { feature, float64, int32, onDemandView, pick } from 'tidemark';
import { carrierDepartures, originDepartures } from './departure-stats.ts';
import { flightRequest } from './sources.ts';

const kilometresPerMile = 1.609344;
const hourMillis = 3_600_000;

/** a / b, or null where either is unknown or there is nothing to divide by. */
const share = (a: number | null, b: number | null): number | null =>
  a === null || b === null || b === 0 ? null : a / b;
const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b);

/** How the flight that is asked about compares with what its carrier and its airport have been doing. */
export const flightContext = onDemandView('flight_context', {
  inputs: {
    flight: flightRequest,
    carrier: pick(carrierDepartures, ['mean_delay_24h', 'mean_delay_7d']),
    origin: pick(originDepartures, ['departures_1h', 'departures_24h', 'mean_delay_1h']),
  },
  outputs: {
    distance_km: feature(float64(), { description: 'distance in kilometres' }),
    utc_hour: feature(int32(), { description: 'hour of the day at the time of asking, 0 to 23, UTC' }),
    origin_rush: feature(float64(), { description: "last hour's departures against the mean hour of the last day" }),
    carrier_trend: feature(float64(), {
      description: 'mean delay of the last day less that of the last week, minutes',
    }),
    delay_pressure: feature(float64(), {
      description: 'delay at the origin over the last hour plus the carrier trend, minutes',
    }),
  },
  description: 'the flight against its carrier and its airport',
  owner: 'network-planning',
  transform: ({ flight, carrier, origin }, { asOf }) => {
    const hourly = origin.departures_24h === null ? null : Number(origin.departures_24h) / 24;
    const trend = minus(carrier.mean_delay_24h, carrier.mean_delay_7d);
    return {
      distance_km: flight.distance === null ? null : flight.distance * kilometresPerMile,
      utc_hour: ((Math.floor(asOf / hourMillis) % 24) + 24) % 24,
      origin_rush: share(origin.departures_1h === null ? null : Number(origin.departures_1h), hourly),
      carrier_trend: trend,
      delay_pressure: trend === null || origin.mean_delay_1h === null ? null : origin.mean_delay_1h + trend,
    };
  },
});
