import type { VisibilityMode } from '#semantics/visibility.ts';
import { findEntity, findStreamSource } from '#spec/find.ts';
import { eventColumns, tableNames } from '#spec/layout.ts';
import type { Entity, Manifest, StreamSource } from '#spec/manifest.ts';
import { type DateRange, datesWithin } from './date-range.ts';
import { bigint, dateText, instant, quoted, table, toMillis } from './text.ts';

/** A stream source's events as one entity's views see them. */
export interface EventsOnTables {
  readonly database: string;
  readonly source: StreamSource;
  readonly entity: Entity;
}

export interface EventRowsOptions {
  /** Columns of the source to read, besides the entity's keys. */
  readonly columns: readonly string[];
  /** Source columns of which `_hash_<column>` is read. */
  readonly hashed?: readonly string[];
  /** From when an event counts: its arrival too (asServed, and knowledgeTime, which for events is the same), or its event time alone. */
  readonly mode: VisibilityMode;
  /**
   * Of equal events of a source that deduplicates: `first` for what is counted; `all` for rows of which the newest stands, as the live stream writes
   * them, since a copy of one that was ahead of its arrival happened later. @default first
   */
  readonly copies?: 'first' | 'all';
  /** Bounds in epoch milliseconds, all inclusive; absent: unbounded. */
  readonly bounds?: {
    readonly minEventMillis?: number;
    /** Of the instant from which an event counts. */
    readonly maxFromMillis?: number;
    /** Of the arrival. */
    readonly maxArrivalMillis?: number;
  };
}

export const eventsOf = (
  { database, manifest }: { readonly database: string; readonly manifest: Manifest },
  view: { readonly source: string; readonly entity: string },
): EventsOnTables => ({
  database,
  source: findStreamSource(manifest, view.source),
  entity: findEntity(manifest, view.entity),
});

/**
 * SELECT of what counts of a source, each event once (see `copies`): the entity's keys, `_t` (event time as accepted) and `_from` (instant from which it
 * counts), `_arrival` and `_fingerprint` (bigint, epoch milliseconds), the wanted columns and hashes. History counts as far as its seam, the log after it;
 * of equal events the first. Rows with a null key or event time are left out.
 */
export function eventRowsSelect(on: EventsOnTables, options: EventRowsOptions): string {
  const { source, entity } = on;
  const { columns, hashed = [], mode, bounds = {} } = options;
  const names = [
    ...new Set([...entity.keys.map(({ name }) => name), ...columns]),
    ...hashed.map((column) => eventColumns.hash(column)),
  ].map(quoted);
  const branches = [...(source.history ? [historyRows(on, names, options)] : []), logRows(on, names, options)];
  const from = mode === 'eventTime' ? '_t' : 'greatest(_t, _arrival)';
  // After the copies have been told apart: the first of them decides, wherever it lies.
  const conditions = [
    ...(bounds.minEventMillis === undefined ? [] : [`_t >= ${bigint(bounds.minEventMillis)}`]),
    ...(bounds.maxFromMillis === undefined ? [] : [`${from} <= ${bigint(bounds.maxFromMillis)}`]),
    ...(bounds.maxArrivalMillis === undefined ? [] : [`_arrival <= ${bigint(bounds.maxArrivalMillis)}`]),
  ];
  return [
    `SELECT ${[...names, '_t', '_arrival', `${from} AS _from`, '_fingerprint'].join(', ')}`,
    `FROM (\n${branches.join('\nUNION ALL\n')}\n) events`,
    ...(conditions.length > 0 ? [`WHERE ${conditions.join(' AND ')}`] : []),
  ].join('\n');
}

/** Rows of before the stream: known `latency` after they happened, up to the seam. */
function historyRows(
  { database, source, entity }: EventsOnTables,
  names: readonly string[],
  { bounds = {} }: EventRowsOptions,
): string {
  const { untilMillis = 0, latencyMillis = 0, partitionedBy } = source.history ?? {};
  const eventTime = quoted(source.eventTime);
  const first = bounds.minEventMillis;
  const conditions = [
    ...datesWithin(quoted(partitionedBy?.column ?? ''), historyDates(source, bounds)),
    ...(first === undefined ? [] : [`${eventTime} >= ${instant(first)}`]),
    `${eventTime} <= ${instant(untilMillis - latencyMillis)}`,
    ...hasKeys(entity),
  ];
  const millis = toMillis(eventTime);
  return [
    `SELECT ${names.join(', ')}, ${millis} AS _t, ${millis} + ${bigint(latencyMillis)} AS _arrival, CAST(NULL AS bigint) AS _fingerprint`,
    `FROM ${table(database, tableNames.source(source))}`,
    `WHERE ${conditions.join(' AND ')}`,
  ].join('\n');
}

/** Dates of the history that can hold a wanted row; none said where it is not partitioned by the event time. */
export function historyDates(
  { eventTime, history }: StreamSource,
  { minEventMillis, maxFromMillis = Number.POSITIVE_INFINITY }: NonNullable<EventRowsOptions['bounds']>,
): DateRange {
  if (!history || history.partitionedBy?.of !== eventTime) return {};
  return {
    ...(minEventMillis === undefined ? {} : { first: dateText(minEventMillis) }),
    last: dateText(Math.min(history.untilMillis - history.latencyMillis, maxFromMillis)),
  };
}

const hasKeys = (entity: Entity): string[] => entity.keys.map(({ name }) => `${quoted(name)} IS NOT NULL`);

/** Archived events that arrived after the seam; where copies do not count, the first arrival of each. */
function logRows(
  { database, source, entity }: EventsOnTables,
  names: readonly string[],
  options: EventRowsOptions,
): string {
  const seam = source.history?.untilMillis;
  const arrival = quoted(eventColumns.arrivalTime);
  const conditions = [
    ...datesWithin('"dt"', logDates(source, options)),
    ...(seam === undefined ? [] : [`${arrival} > ${instant(seam)}`]),
    ...hasKeys(entity),
  ];
  const fingerprint = quoted(eventColumns.fingerprint);
  const times = `${toMillis(quoted(eventColumns.eventTime))} AS _t, ${toMillis(arrival)} AS _arrival, ${fingerprint} AS _fingerprint`;
  const rows = (more: string): string =>
    [
      `SELECT ${names.join(', ')}, ${times}${more}`,
      `FROM ${table(database, tableNames.events(source))}`,
      `WHERE ${conditions.join(' AND ')}`,
    ].join('\n');
  if (!dropsCopies(source, options)) return rows('');
  const keys = entity.keys.map(({ name }) => quoted(name)).join(', ');
  const order = [arrival, quoted(eventColumns.shard), quoted(eventColumns.sequence)].join(', ');
  const copy = `, row_number() OVER (PARTITION BY ${keys}, ${fingerprint} ORDER BY ${order}) AS _copy`;
  return [
    `SELECT ${names.join(', ')}, _t, _arrival, _fingerprint`,
    `FROM (\n${rows(copy)}\n) copies WHERE _fingerprint IS NULL OR _copy = 1`,
  ].join('\n');
}

export const dropsCopies = (
  { deduplicateBy }: StreamSource,
  { copies = 'first' }: Pick<EventRowsOptions, 'copies'>,
): boolean => deduplicateBy !== undefined && copies === 'first';

/**
 * Partitions (dates of arrivals) that can hold a wanted event or the first copy of one. Nothing arrives before it happened; a first copy may
 * have been cut to its arrival, up to the skew before.
 */
export function logDates(source: StreamSource, options: Omit<EventRowsOptions, 'columns'>): DateRange {
  const { allowedSkewMillis, deduplicateBy, history } = source;
  const { mode, bounds = {} } = options;
  const skewMillis = dropsCopies(source, options) ? allowedSkewMillis : 0;
  const least = [
    ...(bounds.minEventMillis === undefined ? [] : [bounds.minEventMillis - skewMillis]),
    ...(history ? [history.untilMillis] : []),
  ];
  const within = mode === 'eventTime' ? deduplicateBy?.withinMillis : 0;
  const greatest = [
    ...(bounds.maxFromMillis === undefined || within === undefined ? [] : [bounds.maxFromMillis + within]),
    ...(bounds.maxArrivalMillis === undefined ? [] : [bounds.maxArrivalMillis]),
  ];
  return {
    ...(least.length > 0 ? { first: dateText(Math.max(...least)) } : {}),
    ...(greatest.length > 0 ? { last: dateText(Math.min(...greatest)) } : {}),
  };
}
