import { days, seconds, streamSource, streamView } from 'tidemark';
import { liveDepartures } from '../../../examples/flights/departures-live.ts';
import { carrier, originAirport } from '../../../examples/flights/entities.ts';
import { departureEvents as example } from '../../../examples/flights/sources.ts';

/** The live views of the flights example over a stream whose history ends in the middle of 2013: what came after is in the event log. */
export const departureEvents = streamSource('departure_events', {
  schema: example.schema,
  eventTime: 'event_timestamp',
  eventId: 'flight_id',
  createdTime: 'created_timestamp',
  deduplicateBy: { within: days(1) },
  partitionBy: 'carrier',
  shards: 2,
  history: { location: 'departure-history/', until: '2013-06-16T00:00:00Z', latency: seconds(30) },
  description: 'departures and cancellations as they happen',
  owner: 'tests',
});

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
