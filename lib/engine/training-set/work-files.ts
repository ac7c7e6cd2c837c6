import * as z from 'zod/mini';
import { objectKeys } from '#spec/layout.ts';
import { type DatasetFormat, type SplitName, splitNameList } from './dataset-options.ts';
import { trainingSetRequestSchema } from './request.ts';

export const partNumber = (part: number): string => String(part).padStart(5, '0');

/** Where a file of a dataset lies and what it is. */
interface DatasetFile {
  readonly split?: SplitName | undefined;
  readonly format?: DatasetFormat | undefined;
}

/** Keys of the files that the steps of one training set hand to each other, and of its dataset. */
export const workFiles = (id: string) => {
  const folder = objectKeys.training(id);
  const dataset = objectKeys.dataset(id);
  return {
    /** The execution that owns these files (claim.ts). */
    owner: `${folder}owner.json`,
    /** What staging has found and decided (stagingPlanSchema). */
    plan: `${folder}plan.json`,
    /** Parts that are staged so far (stagedSchema). */
    staged: `${folder}staged.json`,
    /** What the joins read (readsSchema). */
    reads: `${folder}reads.json`,
    /** Items of the map that finishes parts: a JSON array. */
    items: `${folder}items.json`,
    spinePart: (part: number): string => `${folder}spine/part-${partNumber(part)}.parquet`,
    /** Keys and times of a part for the join: a partition of the staged spines' table. */
    joinPart: (part: number): string => `${objectKeys.spineParts(id)}part=${part}/spine.parquet`,
    statement: (attempt: string): string => `${folder}statements/${attempt}.sql`,
    /** Where one try of a join unloads to: its own, so that what a failed one left behind is never taken for rows. */
    joined: (attempt: string): string => `${folder}joined/${attempt}/`,
    /** Which try of a join has succeeded (finishedJoinSchema). */
    join: (join: number): string => `${folder}joins/${join}.json`,
    resultFolder: `${folder}results/`,
    /** What became of a part (partResultSchema). */
    result: (part: number): string => `${folder}results/${partNumber(part)}.json`,
    /** What the rows of a part hold (partStatisticsSchema). */
    partStatistics: (part: number): string => `${folder}statistics/${partNumber(part)}.json`,
    datasetFolder: dataset,
    datasetPart: (part: number, { split, format = 'parquet' }: DatasetFile = {}): string =>
      `${dataset}${split === undefined ? '' : `${split}/`}part-${partNumber(part)}.${format}`,
    statistics: `${dataset}statistics.json`,
    manifest: `${dataset}manifest.json`,
  };
};

const count = z.int().check(z.nonnegative());

/** Everything that later steps need to know of the spine without reading it again. */
export const stagingPlanSchema = z.strictObject({
  request: trainingSetRequestSchema,
  requestHash: z.string(),
  /** The definitions that the training set is built with; a deployment in between is refused. */
  manifestHash: z.string(),
  createdAtMillis: z.int(),
  spine: z.strictObject({
    key: z.string(),
    etag: z.string(),
    sizeBytes: count,
    sha256: z.string(),
    format: z.enum(['parquet', 'csv']),
  }),
  /** What a CSV spine has been found to hold; a Parquet one describes itself. */
  csvColumns: z.optional(
    z.array(
      z.strictObject({
        name: z.string(),
        type: z.enum(['int64', 'float64', 'bool', 'string']),
        description: z.string(),
      }),
    ),
  ),
  /** Exactly one of the two: the column of the rows' times, or the one instant of all rows, fixed when the build began. */
  eventTimeColumn: z.optional(z.string()),
  asOfMillis: z.optional(z.int()),
  /** Rows of every part but the last. */
  partRows: z.int().check(z.positive()),
});
export type StagingPlan = z.infer<typeof stagingPlanSchema>;

export const stagedPartSchema = z.strictObject({
  part: count,
  /** Row number of its first row, as rows are staged (a spine's own order where it is not split); rows of a part are consecutive. */
  firstRow: count,
  rows: z.int().check(z.positive()),
  /** Least and greatest event time, inclusive. */
  minEventMillis: z.int(),
  maxEventMillis: z.int(),
  /** The split that all its rows belong to, where the dataset is split, and the number of its file there. */
  split: z.optional(z.strictObject({ name: z.enum(splitNameList), number: count })),
});
export type StagedPart = z.infer<typeof stagedPartSchema>;

export const stagedSchema = z.strictObject({
  /** Of the plan that the parts belong to. */
  requestHash: z.string(),
  spineEtag: z.string(),
  partRows: count,
  asOfMillis: z.optional(z.int()),
  parts: z.array(stagedPartSchema),
  /** By split: the first row of the spine that has not been considered for it. */
  nextRows: z.array(count),
  isComplete: z.boolean(),
});
export type Staged = z.infer<typeof stagedSchema>;

/** The objects of a folder that the joins read. */
export const readFolderSchema = z.strictObject({
  /** Key of the deployment's bucket, or s3:// URI of another; of what is published of a view, the file's key. */
  folder: z.string(),
  objects: count,
  sizeBytes: count,
  /** SHA-256 of their keys and ETags in order of key. */
  hash: z.string(),
});
export type ReadFolder = z.infer<typeof readFolderSchema>;

export const readsSchema = z.strictObject({
  execution: z.string(),
  /** Times that the joins have been asked for, from 1: they run again when what they read has changed meanwhile. */
  pass: z.int().check(z.positive()),
  /** As it was before the joins of this pass, by folder. */
  folders: z.array(readFolderSchema),
  /** Known after the joins: whether it was the same then. */
  pinned: z.optional(z.boolean()),
});
export type Reads = z.infer<typeof readsSchema>;

export const finishedJoinSchema = z.strictObject({
  join: count,
  execution: z.string(),
  /** Of readsSchema. */
  pass: z.int().check(z.positive()),
  attempt: z.string(),
  queryId: z.string(),
  bytesScanned: count,
  millis: count,
  /** Keys of the files that it wrote, by part. */
  files: z.record(z.string(), z.array(z.string())),
});
export type FinishedJoin = z.infer<typeof finishedJoinSchema>;

/** Labels by what they saw of a view: a row (of a stream view, windows: always), none (or one older than the ttl), a tombstone. */
export const stateCountsSchema = z.strictObject({ present: count, absent: count, deleted: count });
export type StateCounts = z.infer<typeof stateCountsSchema>;

export const partCountsSchema = z.strictObject({
  rows: count,
  /** Nulls by result name. */
  nulls: z.record(z.string(), count),
  /** By `view@version` of views that are read by entity. */
  states: z.record(z.string(), stateCountsSchema),
  /** Rows whose transform failed, by `view@version` of on-demand views. */
  transformErrors: z.record(z.string(), count),
});
export type PartCounts = z.infer<typeof partCountsSchema>;

export const finishedPartSchema = z.strictObject({
  kind: z.literal('finished'),
  execution: z.string(),
  part: count,
  file: z.strictObject({ key: z.string(), etag: z.string(), rows: count, sizeBytes: count, sha256: z.string() }),
  counts: partCountsSchema,
  /** As it was written with the file. */
  statistics: z.strictObject({ key: z.string(), etag: z.string() }),
  /** The first failure of a transform, for the log. */
  firstTransformError: z.optional(z.string()),
});
export type FinishedPart = z.infer<typeof finishedPartSchema>;

export const partResultSchema = z.discriminatedUnion('kind', [
  finishedPartSchema,
  z.strictObject({ kind: z.literal('failed'), execution: z.string(), part: count, error: z.string() }),
]);
