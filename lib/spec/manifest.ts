import * as z from 'zod/mini';
import { formulaSchema } from './aggregation.ts';
import { jsonValueSchema } from './json-value.ts';
import { servingPolicySchema } from './serving-policy.ts';
import { columnTypeSchema, featureTypeSchema, scalarTypeSchema } from './value-type.ts';

export const manifestVersion = 1;

/** Names of entities, sources, views, features, services, keys and columns. */
export const namePattern = /^[a-z][a-z0-9_]{0,62}$/;
const name = z.string().check(z.regex(namePattern));
const version = z.int().check(z.positive());
const millis = z.int().check(z.nonnegative());
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const described = { description: z.string(), owner: z.optional(z.string()), tags: z.record(z.string(), z.string()) };

export const keySchema = z.strictObject({ name, type: scalarTypeSchema });
export const entitySchema = z.strictObject({ name, keys: z.array(keySchema), ...described });

export const columnSchema = z.strictObject({ name, type: columnTypeSchema });
/**
 * Rows in Parquet under `location` (relative to the deployment's bucket, or s3://). Without `eventTime` the rows are static:
 * always visible. `partitionedBy.column` is the UTC date (yyyy-MM-dd) of `partitionedBy.of`, kept in the folder name.
 */
export const parquetSourceSchema = z.strictObject({
  kind: z.literal('parquet'),
  name,
  location: z.string(),
  partitionedBy: z.optional(z.strictObject({ column: name, of: name })),
  schema: z.array(columnSchema),
  eventTime: z.optional(name),
  createdTime: z.optional(name),
  deleted: z.optional(name),
  ...described,
});
/** Fields that arrive with each request (and as spine columns in a training set). */
export const requestSourceSchema = z.strictObject({
  kind: z.literal('request'),
  name,
  schema: z.array(z.strictObject({ name, type: featureTypeSchema })),
  ...described,
});
/**
 * Rows of before the stream, in Parquet with the stream's columns: those with eventTime + latencyMillis <= untilMillis. Events of the
 * stream count only when they arrive after untilMillis, so none counts twice.
 */
export const historySchema = z.strictObject({
  location: z.string(),
  partitionedBy: z.optional(z.strictObject({ column: name, of: name })),
  untilMillis: z.int(),
  latencyMillis: millis,
});
/** Events that arrive in a Kinesis stream as JSON objects with the schema's columns, and are kept in the event log. */
export const streamSourceSchema = z.strictObject({
  kind: z.literal('stream'),
  name,
  schema: z.array(columnSchema),
  eventTime: name,
  /** What identifies an event to people and to deduplication. */
  eventId: z.optional(name),
  createdTime: z.optional(name),
  deleted: z.optional(name),
  /** An event that is ahead of its arrival by at most this (inclusive) happened at its arrival; further ahead it is quarantined. */
  allowedSkewMillis: millis,
  /** One event per entity, `field` and payload; those that arrive later than withinMillis after their event time are refused. */
  deduplicateBy: z.optional(z.strictObject({ field: name, withinMillis: z.int().check(z.positive()) })),
  /** Columns whose values choose the shard, so that events of one entity keep their order. */
  partitionBy: z.array(name),
  /** Shards of a provisioned stream; absent: on demand. */
  shards: z.optional(z.int().check(z.positive())),
  history: z.optional(historySchema),
  /** Derived: entities of the views that read the source. An event without a value of any of their keys is of no use to anybody. */
  entities: z.array(name),
  /** Derived: columns that the log keeps a 64-bit hash of, for counts of distinct values. */
  hashed: z.array(name),
  ...described,
});
export const sourceSchema = z.discriminatedUnion('kind', [
  parquetSourceSchema,
  requestSourceSchema,
  streamSourceSchema,
]);

export const featureSchema = z.strictObject({
  name,
  type: featureTypeSchema,
  default: z.optional(jsonValueSchema),
  ...described,
});
/** batchView and streamView: how the feature is computed. */
export const aggregatedFeatureSchema = z.strictObject({ ...featureSchema.shape, formula: formulaSchema });
/** tableView only: the source column it is read from. */
export const columnFeatureSchema = z.strictObject({ ...featureSchema.shape, column: name });

const viewBase = { name, version, definitionHash: hash, ...described };
/** Views whose rows are stored: `layout` names the online row format; ttl is inclusive (a row of exactly that age is visible). */
const storedViewBase = {
  ...viewBase,
  entity: name,
  source: name,
  online: z.boolean(),
  layout: z.string().check(z.regex(/^[0-9a-f]{8}$/)),
  ttlMillis: z.optional(z.int().check(z.positive())),
  delayMillis: millis,
};
export const tableViewSchema = z.strictObject({
  kind: z.literal('table'),
  ...storedViewBase,
  features: z.array(columnFeatureSchema),
  /** How often new source objects are looked for, besides the event that each new object sends; absent: on events only. */
  scheduleMillis: z.optional(z.int().check(z.positive())),
});
export const batchViewSchema = z.strictObject({
  kind: z.literal('batch'),
  ...storedViewBase,
  scheduleMillis: z.int().check(z.positive()),
  /** Ticks before the watermark that every scheduled run computes again. */
  recomputeTicks: millis,
  features: z.array(aggregatedFeatureSchema),
});
/**
 * Aggregates of stream events, evaluated at the instant of the request or of the label. Every aggregation has its `hopMillis`. The state
 * of an entity is one item under `layout`, and where it grows a second one.
 */
export const streamViewSchema = z.strictObject({
  kind: z.literal('stream'),
  ...viewBase,
  entity: name,
  source: name,
  online: z.boolean(),
  layout: z.string().check(z.regex(/^[0-9a-f]{8}$/)),
  /** Present: windows are exact (every hop is 1 ms) and a window of more than maxEvents events of the entity is ERROR. */
  exact: z.optional(z.strictObject({ maxEvents: z.int().check(z.positive()) })),
  features: z.array(aggregatedFeatureSchema),
});
/** An input of a transform: features of a view (stored or on-demand) by name, or the fields of a request source. */
export const onDemandInputSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('view'), name, view: name, version, features: z.array(name) }),
  z.strictObject({ kind: z.literal('request'), name, source: name }),
]);
export const onDemandViewSchema = z.strictObject({
  kind: z.literal('onDemand'),
  ...viewBase,
  inputs: z.array(onDemandInputSchema),
  features: z.array(featureSchema),
  /** Hash of the bundled transform and Node's major version. */
  transformHash: hash,
});
export const viewSchema = z.discriminatedUnion('kind', [
  tableViewSchema,
  batchViewSchema,
  streamViewSchema,
  onDemandViewSchema,
]);

/** One feature of a service; `name` is its result name: `view__feature` or the service's alias. */
export const featureReferenceSchema = z.strictObject({ view: name, version, feature: name, name: z.string() });
export const featureServiceSchema = z.strictObject({
  name,
  version,
  definitionHash: hash,
  features: z.array(featureReferenceSchema),
  /** Absent: every request reads the store, and keys that it does not give are ERROR. */
  serving: z.optional(servingPolicySchema),
  ...described,
});

/** Everything that a deployment knows of its definitions. Lists are sorted by (name, version); features keep their declared order. */
export const manifestSchema = z.strictObject({
  manifestVersion: z.literal(manifestVersion),
  project: name,
  entities: z.array(entitySchema),
  sources: z.array(sourceSchema),
  views: z.array(viewSchema),
  services: z.array(featureServiceSchema),
  /** sha256 of the canonical JSON of all the rest. */
  hash,
});

export type Key = z.infer<typeof keySchema>;
export type Entity = z.infer<typeof entitySchema>;
export type Column = z.infer<typeof columnSchema>;
export type ParquetSource = z.infer<typeof parquetSourceSchema>;
export type RequestSource = z.infer<typeof requestSourceSchema>;
export type StreamSource = z.infer<typeof streamSourceSchema>;
/** A source whose rows feed views. */
export type RowSource = ParquetSource | StreamSource;
export type Source = z.infer<typeof sourceSchema>;
export type Feature = z.infer<typeof featureSchema>;
export type AggregatedFeature = z.infer<typeof aggregatedFeatureSchema>;
export type ColumnFeature = z.infer<typeof columnFeatureSchema>;
export type TableView = z.infer<typeof tableViewSchema>;
export type BatchView = z.infer<typeof batchViewSchema>;
export type StreamView = z.infer<typeof streamViewSchema>;
/** Views whose rows are stored, offline and online. */
export type StoredView = TableView | BatchView;
/** Views that are read by the keys of an entity. */
export type EntityView = StoredView | StreamView;
export type OnDemandInput = z.infer<typeof onDemandInputSchema>;
export type OnDemandView = z.infer<typeof onDemandViewSchema>;
export type View = z.infer<typeof viewSchema>;
export type FeatureReference = z.infer<typeof featureReferenceSchema>;
export type FeatureService = z.infer<typeof featureServiceSchema>;
export type Manifest = z.infer<typeof manifestSchema>;
