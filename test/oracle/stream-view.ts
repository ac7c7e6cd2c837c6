import { featureOf, type OracleEvent, type OracleFeature } from './aggregates.ts';
import type { OracleValue } from './values.ts';

/** One record as it reached the stream, or one row of the history. */
export interface OracleRecord {
  /** Null: no entity. */
  readonly key: string | null;
  /** Event time as it was sent. */
  readonly sentAt: number;
  /** Undefined: a row of the history. */
  readonly arrival?: number;
  /** Position in the shard; text order. */
  readonly shard?: string;
  readonly sequence?: string;
  readonly row: Readonly<Record<string, OracleValue>>;
  /** Equal ids and rows are one event where the source deduplicates. */
  readonly id?: string;
}

export interface OracleStream {
  readonly allowedSkew: number;
  /** Deduplication window. */
  readonly within?: number;
  readonly history?: { readonly until: number; readonly latency: number };
}

/** An event that counts: from when it happened (never after it arrived) and from when it is known. */
export interface CountedEvent extends OracleEvent {
  readonly from: number;
}

/** What of the records counts at all: of copies the first in windows; in tables, of which the newest row stands, all. */
export function countedEvents(
  records: readonly OracleRecord[],
  stream: OracleStream,
  copies: 'first' | 'all' = 'first',
): CountedEvent[] {
  const inOrder = [...records].sort(
    (a, b) => (a.arrival ?? 0) - (b.arrival ?? 0) || textOrder(a.shard, b.shard) || textOrder(a.sequence, b.sequence),
  );
  const events: CountedEvent[] = [];
  const seen: OracleRecord[] = [];
  for (const record of inOrder) {
    const { key, row } = record;
    if (record.arrival === undefined) {
      const known = record.sentAt + (stream.history?.latency ?? 0);
      if (known <= (stream.history?.until ?? -Infinity)) events.push({ key, row, at: record.sentAt, from: known });
      continue;
    }
    if (record.sentAt - record.arrival > stream.allowedSkew) continue;
    const at = Math.min(record.sentAt, record.arrival);
    if (stream.within !== undefined && record.arrival - at > stream.within) continue;
    if (stream.history && record.arrival <= stream.history.until) continue;
    if (stream.within !== undefined && copies === 'first') {
      if (seen.some((other) => isSame(other, record))) continue;
      seen.push(record);
    }
    events.push({ key, row, at, from: Math.max(at, record.arrival) });
  }
  return events;
}

const textOrder = (a = '', b = ''): number => (a < b ? -1 : a > b ? 1 : 0);
const isSame = (a: OracleRecord, b: OracleRecord): boolean =>
  a.key === b.key && a.id === b.id && a.sentAt === b.sentAt && text(a.row) === text(b.row);
const text = (row: OracleRecord['row']): string =>
  JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}n` : Number.isNaN(value) ? 'NaN' : value));

/** How events become known: as served (when they have arrived too) or by their event time alone. */
export type OracleMode = 'asServed' | 'eventTime';

export interface StreamInstant {
  readonly t: number;
  /** More events of the entity than this in a window: error. */
  readonly maxEvents?: number;
  readonly mode?: OracleMode;
}

/** One feature of one entity at one instant: every event is looked at. `hop` of each aggregate aligns its window's tail down. */
export function streamFeatureAt(
  events: readonly CountedEvent[],
  feature: OracleFeature,
  { t, maxEvents, mode = 'asServed' }: StreamInstant,
): { value: OracleValue; mark: string } {
  return featureOf(feature, ({ window, hop = 1 }) => {
    const tail = Math.floor((t - window) / hop) * hop;
    const inWindow = events.filter(({ at, from }) => at > tail && at <= t && (mode === 'eventTime' || from <= t));
    return maxEvents !== undefined && inWindow.length > maxEvents ? 'error' : inWindow;
  });
}
