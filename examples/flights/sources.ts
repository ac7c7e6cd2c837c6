import {
  bool,
  days,
  float64,
  int32,
  int64,
  parquetSource,
  requestSource,
  seconds,
  streamSource,
  string,
  timestamp,
} from 'tidemark';

const departureColumns = {
  flight_id: int64(),
  carrier: string(),
  flight_number: int32(),
  tailnum: string(),
  origin: string(),
  dest: string(),
  distance: int32(),
  scheduled_departure: timestamp(),
  event_timestamp: timestamp(),
  created_timestamp: timestamp(),
  dep_delay: int32(),
  cancelled: bool(),
};

/** One row per flight: its actual departure, or the scheduled one where it was cancelled (`dep_delay` is null then). */
export const departures = parquetSource('departures', {
  location: 'departures/',
  schema: departureColumns,
  eventTime: 'event_timestamp',
  createdTime: 'created_timestamp',
  description: 'flights out of New York in 2013',
  owner: 'network-planning',
});

/**
 * The same as events, from the gate as they happen. What airports repeat, they repeat within a day. The history is 2013 as it was, which ends
 * with the last departure of that year (31 December, 05:26 UTC of the day after).
 */
export const departureEvents = streamSource('departure_events', {
  schema: departureColumns,
  eventTime: 'event_timestamp',
  eventId: 'flight_id',
  createdTime: 'created_timestamp',
  deduplicateBy: { within: days(1) },
  // There are five times as many carriers as airports, so this spreads better; each carrier's departures stay in one shard.
  partitionBy: 'carrier',
  shards: 2,
  history: { location: 'departure-history/', until: '2014-01-01T06:00:00Z', latency: seconds(30) },
  description: 'departures and cancellations as they happen',
  owner: 'network-planning',
});

/** Hourly observations at each origin. */
export const weatherObservations = parquetSource('weather_observations', {
  location: 'weather/',
  schema: {
    origin: string(),
    event_timestamp: timestamp(),
    created_timestamp: timestamp(),
    temperature_f: float64(),
    humidity: float64(),
    wind_speed_mph: float64(),
    precipitation_in: float64(),
    visibility_mi: float64(),
    pressure_mb: float64(),
  },
  eventTime: 'event_timestamp',
  createdTime: 'created_timestamp',
  description: 'hourly weather at the New York airports',
  owner: 'airport-operations',
});

/** The registry of aircraft has no times: its rows are static. */
export const planeRegistry = parquetSource('plane_registry', {
  location: 'planes/',
  schema: {
    tailnum: string(),
    built_year: int32(),
    manufacturer: string(),
    model: string(),
    engines: int32(),
    seats: int32(),
  },
  description: 'what the registry says of each aircraft',
  owner: 'fleet',
});

/** What is known of the flight that is asked about. */
export const flightRequest = requestSource('flight_request', {
  schema: { distance: int32() },
  description: 'the flight whose delay is predicted; distance in miles',
  owner: 'network-planning',
});
