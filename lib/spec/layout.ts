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

/** Glue names. One database per deployment. */
export const databaseName = (project: string, stage: string): string => `tidemark_${project}_${stage}`;
export const tableNames = {
  source: (source: { readonly name: string }): string => `source_${source.name}`,
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

/** S3 keys under the deployment's bucket. Folders end with a slash. */
export const objectKeys = {
  source: (location: string): string => `sources/${location}${location.endsWith('/') ? '' : '/'}`,
  rows: (view: Versioned): string => `feature-rows/${view.name}/v${view.version}/`,
  /** One attempt of one chunk of a run: a retried chunk writes to a new folder, so half-written files are never registered. */
  chunkRows: (view: Versioned, run: number, attempt: string): string =>
    `feature-rows/${view.name}/v${view.version}/run=${run}/${attempt}/`,
  publishedFolder: (view: Versioned): string => `published/${view.name}/v${view.version}/`,
  published: (view: Versioned): string => `published/${view.name}/v${view.version}/published.parquet`,
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
