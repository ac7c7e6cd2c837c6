/**
 * How a row becomes visible: `asServed` from availableAt (what serving could have known), `eventTime` from its event time alone,
 * `knowledgeTime` from its creation where it has one. All also need the event time to be reached.
 */
export type VisibilityMode = 'asServed' | 'eventTime' | 'knowledgeTime';

/** The times of a stored row, in epoch milliseconds. */
export interface RowTimes {
  /** Null for static rows: always visible, never expired. */
  readonly eventTimeMillis: number | null;
  /** Table rows: null without one, which means the event time. Absent for batch rows, which are known when they are served. */
  readonly createdTimeMillis?: number | null;
  /** Earliest instant at which serving could have it: tick + delay, the publication of a replacing run, or event time + delay. */
  readonly availableAtMillis?: number;
  readonly deleted?: boolean;
}

/** First instant at which the row is visible (inclusive); -Infinity for static rows. */
export function visibleFromMillis(row: RowTimes, mode: VisibilityMode): number {
  const { eventTimeMillis } = row;
  if (eventTimeMillis === null) return Number.NEGATIVE_INFINITY;
  if (mode === 'eventTime') return eventTimeMillis;
  const isKnownWhenServed = mode === 'asServed' || row.createdTimeMillis === undefined;
  const known = isKnownWhenServed ? row.availableAtMillis : row.createdTimeMillis;
  return Math.max(eventTimeMillis, known ?? eventTimeMillis);
}

/** What a reader at an instant gets of an entity's latest visible row. A tombstone is missing; a row of exactly ttl's age is present. */
export type RowOutcome = 'present' | 'expired' | 'missing';

/** True where the row is older than ttl at the instant; a row of exactly that age is not. Static rows never are. */
export const isExpired = (
  row: Pick<RowTimes, 'eventTimeMillis'>,
  ttlMillis: number | undefined,
  atMillis: number,
): boolean => row.eventTimeMillis !== null && ttlMillis !== undefined && atMillis - row.eventTimeMillis > ttlMillis;

/** The outcome of the latest visible row (undefined: there is none). */
export function rowOutcome(latest: RowTimes | undefined, ttlMillis: number | undefined, atMillis: number): RowOutcome {
  if (!latest || latest.deleted) return 'missing';
  return isExpired(latest, ttlMillis, atMillis) ? 'expired' : 'present';
}
