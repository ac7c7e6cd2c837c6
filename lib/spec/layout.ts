import { viewId } from './find.ts';

type Versioned = { readonly name: string; readonly version: number };

/** System columns of stored rows. The underscore keeps them apart from user names (namePattern starts with a letter). */
export const systemColumns = {
  /** timestamp(3): the tick of a batch row. */
  eventTime: '_event_time',
  /** boolean: the row's tick had been published before, so it is available only from its publication. */
  replaces: '_replaces',
  /** varchar or null: see rowMarks. */
  marks: '_marks',
} as const;

/** Columns of an event log besides the source's own; each file also has `_hash_<column>` (bigint) of hashed columns. */
export const eventColumns = {
  /** timestamp(3): when the event happened, as accepted (never after its arrival). The source's own column keeps what was sent. */
  eventTime: '_event_time',
  /** timestamp(3): when Kinesis got it. The partition dt is its UTC date. */
  arrivalTime: '_arrival_time',
  shard: '_shard',
  /** 56 digits, left-padded with zeros: text order is number order. */
  sequence: '_sequence',
  /** bigint or null: equal for events of equal id and payload, where the source deduplicates. */
  fingerprint: '_fingerprint',
  hash: (column: string): string => `_hash_${column}`,
} as const;

/** Media types of answers that are not text: API Gateway hands them on as bytes, in base64 from the function. */
export const answerMediaTypes = { msgpack: 'application/msgpack', npy: 'application/x-npy' } as const;

/** Glue names. One database per deployment. */
export const databaseName = (project: string, stage: string): string => `tidemark_${project}_${stage}`;
export const tableNames = {
  source: (source: { readonly name: string }): string => `source_${source.name}`,
  /** Event log of a stream source, partitioned by dt; its Parquet history, if any, is `source`. */
  events: (source: { readonly name: string }): string => `events_${source.name}`,
  /** Feature rows of a batch view, partitioned by (dt, run); partitions are registered at publication. */
  rows: (view: Versioned): string => `rows_${view.name}_v${view.version}`,
  /** Which (dt, run) are published, and when. */
  published: (view: Versioned): string => `published_${view.name}_v${view.version}`,
  /** The view for analysts: published rows (batch) or the source's rows (table). */
  analysts: (view: Versioned): string => `${view.name}_v${view.version}`,
  /** Staged spines of all training sets: row_id, event_time_ms, <entity>__<key> of every entity; partitioned by (dataset, part). */
  spines: 'training_spines',
} as const;

/** Parts that a staged spine may have: of at most 100,000 rows each, a billion rows. The table of spines projects no more. */
export const maximumSpineParts = 10_000;

/** Column of the staged spine that holds a key of an entity. */
export const spineKeyColumn = (entity: string, key: string): string => `${entity}__${key}`;

/** Begins the names of the only files that Tidemark itself puts into the folder of a source. */
export const pushedFilePrefix = 'pushed-';

/** S3 keys under the deployment's bucket. Folders end with a slash. */
export const objectKeys = {
  source: (location: string): string => `sources/${location}${location.endsWith('/') ? '' : '/'}`,
  /** A file of rows that were pushed one by one into a source, named by its content: in the source's folder, or in one of its partitions. */
  pushedRows: (folder: string, contentHash: string): string => `${folder}${pushedFilePrefix}${contentHash}.parquet`,
  rows: (view: Versioned): string => `feature-rows/${view.name}/v${view.version}/`,
  /** One attempt of one chunk of a run: a retried chunk writes to a new folder, so half-written files are never registered. */
  chunkRows: (view: Versioned, run: number, attempt: string): string =>
    `feature-rows/${view.name}/v${view.version}/run=${run}/${attempt}/`,
  publishedFolder: (view: Versioned): string => `published/${view.name}/v${view.version}/`,
  published: (view: Versioned): string => `published/${view.name}/v${view.version}/published.parquet`,
  /** Event log: dt=<arrival date>/<shard>/<first sequence>.parquet; compacted days lie under eventsCompacted. */
  events: (source: { readonly name: string }): string => `events/${source.name}/`,
  eventsCompacted: (source: { readonly name: string }): string => `events-compacted/${source.name}/`,
  /** Records that can never succeed: dt=<arrival date>/<shard>/<sequence>.json. */
  quarantine: (source: { readonly name: string }): string => `quarantine/${source.name}/`,
  /** Which arrivals the live stream and the backfill apply, per view of the source; replaced with If-Match. */
  cuts: (source: { readonly name: string }): string => `state/streams/${source.name}/cuts.json`,
  /** Watermark and processed objects of a view version, replaced with If-Match. */
  state: (view: Versioned): string => `state/${view.name}/v${view.version}.json`,
  run: (view: Versioned, run: number): string => `runs/${view.name}/v${view.version}/${run}/`,
  spines: 'training-sets/spines/',
  spineParts: (dataset: string): string => `training-sets/spines/dataset=${dataset}/`,
  training: (dataset: string): string => `training-sets/work/${dataset}/`,
  dataset: (dataset: string): string => `datasets/${dataset}/`,
  athenaResults: 'athena-results/',
} as const;

/** Sort key of an online item. */
export const onlineSortKey = viewId;
/** Sort key of the second item of a stream view's entity: what the first one has handed over (ADR 11). */
export const closedSortKey = (view: Versioned): string => `${viewId(view)}/closed`;

/** Partition key of a group of records in the jobs table; rights to one group name it. */
export const recordPartition = (group: string): string => `record#${group}`;
/** Group of the records of API tokens. */
export const apiTokensGroup = 'api-token';

/** Kinesis stream of a source. One deployment per stage, so the name carries all three. */
export const streamName = (project: string, stage: string, source: string): string =>
  `tidemark-${project}-${stage}-${source}`.replaceAll('_', '-');
