import { feature, hours, minutes, tableView } from 'tidemark';
import { originAirport } from './entities.ts';
import { weatherObservations } from './sources.ts';

/** The latest observation; after three hours without a new one the weather is unknown. */
export const weather = tableView('weather', {
  entity: originAirport,
  source: weatherObservations,
  ttl: hours(3),
  delay: minutes(5),
  description: 'latest weather observation at the origin',
  features: {
    temperature_f: feature({ description: 'degrees Fahrenheit' }),
    humidity: feature({ description: 'relative humidity in percent' }),
    wind_mph: feature('wind_speed_mph', { description: 'wind speed in miles per hour' }),
    precipitation_in: feature({ description: 'precipitation in inches' }),
    visibility_mi: feature({ description: 'visibility in miles' }),
    pressure_mb: feature({ description: 'sea level pressure in millibars' }),
  },
});
