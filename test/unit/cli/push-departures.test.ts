import { describe, expect, it } from 'vitest';
import { departuresSince } from '../../../cli/quickstart/push-departures.ts';

describe('the departures that the quickstart pushes', () => {
  it('are those after an instant and up to now, whole and in their order', () => {
    const columns = [
      { name: 'flight_id', type: 'int64' as const, values: [1n, 2n, 3n, 4n, 5n] },
      { name: 'event_timestamp', type: 'timestamp' as const, values: [10, 11, 20, 21, null] },
    ];
    expect(departuresSince(columns, 10, 20)).toEqual([
      { flight_id: 2n, event_timestamp: 11 },
      { flight_id: 3n, event_timestamp: 20 },
    ]);
  });
});
