import { featureService } from 'tidemark';
import { driverHourlyStats, driverStats, userStats } from './stats.ts';
import { tripFeatures } from './trip-features.ts';

/** Two entities and the request in one vector: the user, the driver, the ride. */
export const ridePricing = featureService(
  'ride_pricing',
  [userStats, driverStats, driverHourlyStats.features.conv_rate, driverHourlyStats.features.acc_rate, tripFeatures],
  { owner: 'ml-platform' },
);
