import { describe, expect, it } from 'vitest';
import type { VisibilityMode } from '#semantics/visibility.ts';
import { eventRowsSelect } from '#sql/event-rows.ts';
import { featureRowsSelect } from '#sql/feature-rows.ts';
import { entityOf, streamSourceOf, tableViewOf } from '../../support/manifests.ts';

const [hour, day] = [3_600_000, 86_400_000];
const noon = Date.UTC(2026, 2, 10, 12);
const entity = entityOf('user', [{ name: 'user_id', type: 'int64' }]);
const columns = [
  { name: 'user_id', type: 'int64' },
  { name: 'at', type: 'timestamp' },
] as const;
const plain = { eventTime: 'at', allowedSkewMillis: hour };

/** Conditions on dt, in the order of the statement. */
function datesOf(options: object, mode: VisibilityMode = 'asServed'): string[] {
  const source = streamSourceOf('orders', columns, { ...plain, ...options });
  const bounds = { minEventMillis: noon - 2 * day, maxFromMillis: noon };
  const sql = eventRowsSelect({ database: 'db', source, entity }, { columns: [], mode, bounds });
  return [...sql.matchAll(/"dt" [<>]= '[\d-]+'/g)].map(([condition]) => condition);
}

describe('partitions of an event log', () => {
  it('are those in which a wanted event can have arrived', () => {
    expect(datesOf({})).toEqual([`"dt" >= '2026-03-08'`, `"dt" <= '2026-03-10'`]);
  });

  it('have no end where windows are cut by event time, for an event may arrive any time later', () => {
    expect(datesOf({}, 'eventTime')).toEqual([`"dt" >= '2026-03-08'`]);
  });

  it('end with the last arrival that a source accepts which deduplicates', () => {
    const deduplicateBy = { field: 'user_id', withinMillis: 2 * day };
    expect(datesOf({ deduplicateBy }, 'eventTime').at(-1)).toBe(`"dt" <= '2026-03-12'`);
    expect(datesOf({ deduplicateBy }).at(-1)).toBe(`"dt" <= '2026-03-10'`);
  });

  it('begin early enough for the first copy of an event whose clock was ahead', () => {
    const deduplicateBy = { field: 'user_id', withinMillis: hour };
    expect(datesOf({ deduplicateBy, allowedSkewMillis: 13 * hour })[0]).toBe(`"dt" >= '2026-03-07'`);
    expect(datesOf({ allowedSkewMillis: 13 * hour })[0]).toBe(`"dt" >= '2026-03-08'`);
  });

  it('begin at the seam of a history, whose partitions end there', () => {
    const history = {
      location: 'orders/',
      partitionedBy: { column: 'dt', of: 'at' },
      untilMillis: noon - day,
      latencyMillis: 13 * hour,
    };
    expect(datesOf({ history })).toEqual([
      `"dt" >= '2026-03-08'`,
      `"dt" <= '2026-03-08'`,
      `"dt" >= '2026-03-09'`,
      `"dt" <= '2026-03-10'`,
    ]);
  });

  it('of a history by another time than the event are all read', () => {
    const history = {
      location: 'orders/',
      partitionedBy: { column: 'dt', of: 'made' },
      untilMillis: noon - day,
      latencyMillis: 1,
    };
    expect(datesOf({ history })).toEqual([`"dt" >= '2026-03-09'`, `"dt" <= '2026-03-10'`]);
  });
});

describe('copies of an event', () => {
  const deduplicateBy = { field: 'user_id', withinMillis: hour };
  const source = streamSourceOf('orders', columns, { ...plain, deduplicateBy });

  it('count once in windows', () => {
    const sql = eventRowsSelect({ database: 'db', source, entity }, { columns: [], mode: 'asServed' });
    expect(sql).toContain('_copy = 1');
  });

  it('are rows of a table view each, as the live stream writes them: a later copy of one that was ahead is newer', () => {
    const view = tableViewOf('newest', [{ name: 'at', type: 'timestamp' }], { entity: 'user', source: 'orders' });
    const bounds = { minEventMillis: noon };
    const rows = { features: ['at'], mode: 'asServed', bounds } as const;
    const sql = featureRowsSelect({ database: 'db', view, source, entity }, rows);
    expect(sql).not.toContain('_copy');
    expect(sql).toContain(`"dt" >= '2026-03-10'`);
  });
});
