import type { RefuseColumn } from './checked-columns.ts';
import type { Schema } from './column-types.ts';
import { asDefinition, type Definition, type Documentation, documentationOf } from './definition.ts';
import { minutes } from './durations.ts';
import { originOfCaller } from './origin.ts';

/**
 * Five minutes: clocks of producers that are kept by NTP are off by far less, so whoever is ahead by more has a wrong clock or zone, and
 * its events would spoil windows for hours.
 */
export const defaultAllowedSkewMillis = minutes(5);
/** One millisecond: a row of the history is known just after it happened, as an event of the stream cannot arrive before it happens. */
export const defaultHistoryLatencyMillis = 1;

/** Events that arrive in a Kinesis stream. */
export interface StreamSource<TName extends string = string, TSchema extends Schema = Schema> extends Definition {
  readonly kind: 'stream';
  readonly name: TName;
  readonly schema: TSchema;
  readonly eventTime: string;
  readonly eventId: string | undefined;
  readonly createdTime: string | undefined;
  readonly deleted: string | undefined;
  readonly allowedSkew: number;
  readonly deduplicateBy: Deduplication | undefined;
  readonly partitionBy: readonly string[] | undefined;
  readonly shards: number | undefined;
  readonly history: History | undefined;
}

export interface Deduplication {
  /** Column that two deliveries of one event have in common. @default the source's eventId */
  readonly field?: string;
  /** Milliseconds, as `hours(6)`: an event that arrives later than that after its event time is refused, for nobody knows any more whether it came before. */
  readonly within: number;
}

/** Rows of before the stream, in Parquet with the stream's columns. */
export interface History {
  /** Folder of the deployment's bucket under `sources/`, or an s3:// URI. Ends with a slash. */
  readonly location: string;
  /** `{ dt: 'event_timestamp' }`: folders `dt=yyyy-MM-dd` hold the rows of one UTC day of the event time. */
  readonly partitionedBy?: Readonly<Record<string, string>>;
  /** ISO 8601 with offset, inclusive: rows with event time + latency up to it count, and events of the stream that arrive after it. */
  readonly until: string;
  /** Milliseconds from a row's event time to the moment at which serving could have known it. @default 1 */
  readonly latency?: number;
}

/** Columns that have a meaning of their own; each names one of the schema. */
interface MeaningfulColumns {
  /** When the event happened; a timestamp. */
  readonly eventTime: string;
  /** What identifies an event. */
  readonly eventId?: string;
  /** When the event was written down; a timestamp. Decides between rows of one event time in table views. */
  readonly createdTime?: string;
  /** True where the event deletes its entity; a bool. Table views only. */
  readonly deleted?: string;
  /** Equal events of an entity within a time count once. @default every record counts, as often as producers put it */
  readonly deduplicateBy?: Deduplication;
  /** Column or columns whose values choose the shard. @default the keys of the one entity that reads the source, or its eventId where none does */
  readonly partitionBy?: string | readonly string[];
}

export interface StreamSourceOptions<TSchema extends Schema> extends Documentation {
  /** Fields of the events, which are JSON objects. A field that is absent is null; others than these are ignored. */
  readonly schema: TSchema;
  /** Milliseconds by which an event may be ahead of its arrival: it then counts as of its arrival. Further ahead it is quarantined. @default 5 minutes */
  readonly allowedSkew?: number;
  /** Shards of a provisioned stream, 1 to 500. @default on demand */
  readonly shards?: number;
  readonly history?: History;
}

interface CheckedColumns<TColumns extends MeaningfulColumns, TSchema extends Schema> {
  readonly eventTime: RefuseColumn<TColumns['eventTime'], TSchema, 'timestamp'>;
  readonly eventId?: RefuseColumn<TColumns['eventId'], TSchema, string>;
  readonly createdTime?: RefuseColumn<TColumns['createdTime'], TSchema, 'timestamp'>;
  readonly deleted?: RefuseColumn<TColumns['deleted'], TSchema, 'bool'>;
  readonly deduplicateBy?: { readonly field?: RefuseColumn<FieldOf<TColumns['deduplicateBy']>, TSchema, string> };
  readonly partitionBy?: RefuseColumn<ItemsOf<TColumns['partitionBy']>, TSchema, string>;
}
type FieldOf<TDeduplication> = TDeduplication extends { readonly field: infer TField } ? TField : undefined;
type ItemsOf<TColumns> = TColumns extends readonly (infer TItem)[] ? TItem : TColumns;

/**
 * Defines a source of events in a stream:
 * `streamSource('orders', { schema: { user_id: int64(), order_id: string(), total: float64(), at: timestamp() }, eventTime: 'at', eventId: 'order_id' })`.
 */
export function streamSource<
  const TName extends string,
  const TSchema extends Schema,
  const TColumns extends MeaningfulColumns,
>(
  name: TName,
  options: StreamSourceOptions<TSchema> & TColumns & CheckedColumns<TColumns, TSchema>,
): StreamSource<TName, TSchema> {
  const given: StreamSourceOptions<TSchema> & MeaningfulColumns = options;
  const { partitionBy } = given;
  return asDefinition({
    kind: 'stream',
    name,
    schema: given.schema,
    eventTime: given.eventTime,
    eventId: given.eventId,
    createdTime: given.createdTime,
    deleted: given.deleted,
    allowedSkew: given.allowedSkew ?? defaultAllowedSkewMillis,
    deduplicateBy: given.deduplicateBy,
    partitionBy: typeof partitionBy === 'string' ? [partitionBy] : partitionBy,
    shards: given.shards,
    history: given.history,
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
}
