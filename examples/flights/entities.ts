import { entity, string } from 'tidemark';

export const carrier = entity('carrier', {
  keys: { carrier: string() },
  description: 'an airline, by its two-character code',
  owner: 'network-planning',
});

export const originAirport = entity('origin_airport', {
  keys: { origin: string() },
  description: 'one of the New York airports: EWR, JFK or LGA',
  owner: 'airport-operations',
});

export const plane = entity('plane', {
  keys: { tailnum: string() },
  description: 'an aircraft, by its tail number',
  owner: 'fleet',
});
