import { alias, featureService } from 'tidemark';
import { carrierDepartures, originDepartures, planeDepartures, planeHistory } from './departure-stats.ts';
import { flightContext } from './flight-context.ts';
import { planeModel } from './planes.ts';
import { weather } from './weather.ts';

const { features: carrierFeatures } = carrierDepartures;
const { features: originFeatures } = originDepartures;
const { features: planeFeatures } = planeDepartures;

/** What the model that predicts late arrivals two hours before departure is trained on and served. */
export const delayModel = featureService(
  'delay_model',
  [
    carrierFeatures.departures_24h,
    carrierFeatures.mean_delay_1h,
    carrierFeatures.mean_delay_24h,
    carrierFeatures.mean_delay_7d,
    carrierFeatures.cancellation_rate_24h,
    originFeatures.departures_1h,
    originFeatures.mean_delay_1h,
    originFeatures.mean_delay_24h,
    originFeatures.max_delay_1h,
    originFeatures.cancellation_rate_1h,
    originFeatures.cancellation_rate_24h,
    planeFeatures.departures_24h,
    planeFeatures.mean_delay_24h,
    planeFeatures.mean_delay_7d,
    planeHistory.features.mean_delay_90d,
    planeHistory.features.delay_stddev_90d,
    planeHistory.features.destinations_90d,
    planeModel.features.built_year,
    planeModel.features.seats,
    weather,
    flightContext.features.distance_km,
    flightContext.features.utc_hour,
    alias('origin_rush', flightContext.features.origin_rush),
    alias('carrier_trend', flightContext.features.carrier_trend),
    alias('delay_pressure', flightContext.features.delay_pressure),
  ],
  { description: 'will this flight arrive late or be cancelled?', owner: 'delay-prediction' },
);
