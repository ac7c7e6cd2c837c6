import * as z from 'zod/mini';
import { readJson } from '#engine/stored-json.ts';
import type { Objects } from '#store/objects.ts';
import { datasetFileName, sampleSchema, splitNameList, splitSchema } from './dataset-options.ts';
import { trainingSetModes } from './request.ts';
import { readFolderSchema, stateCountsSchema, workFiles } from './work-files.ts';

const count = z.int().check(z.nonnegative());

/** `datasets/<id>/manifest.json`: all that is needed to trust, repeat or read a training set. Written last. */
export const datasetManifestSchema = z.strictObject({
  manifestVersion: z.literal(1),
  id: z.string(),
  /** Equal where the same is asked for of the same: definitions, spine's bytes, options, and the objects that were read. */
  requestId: z.string(),
  /** Equal where the files' bytes are equal. */
  datasetId: z.string(),
  /** False: what was read changed while it was read, twice; the request id does not stand for this dataset then. */
  pinned: z.boolean(),
  /** What was read, by folder. */
  reads: z.array(readFolderSchema),
  project: z.string(),
  createdAtMillis: z.int(),
  /** Of the request, and of the definitions of the deployment that built it. */
  requestHash: z.string(),
  definitionsHash: z.string(),
  service: z.optional(z.strictObject({ name: z.string(), version: z.int(), definitionHash: z.string() })),
  /** Of its features as a vector without a fill (engine/vector-hash.ts); absent in datasets that were built before there was one. */
  vectorHash: z.optional(z.string()),
  /** In column order; `ref` is `view@version:feature`. `nullShare` is in [0, 1]. */
  features: z.array(
    z.strictObject({ name: z.string(), ref: z.string(), type: z.string(), nulls: count, nullShare: z.number() }),
  ),
  /** Every view that was read or computed, by `view@version`, with its definition hash and, if read by entity, what labels saw of it. */
  views: z.record(
    z.string(),
    z.strictObject({
      definitionHash: z.string(),
      states: z.optional(stateCountsSchema),
      /** Of a stream view: its windows; the tail of each is aligned down to a multiple of its hop (1: exact to the millisecond). */
      windows: z.optional(z.array(z.strictObject({ windowMillis: count, hopMillis: count }))),
      transformErrors: z.optional(count),
    }),
  ),
  mode: z.enum(trainingSetModes),
  lagMillis: count,
  /** The one instant of every row, of an export. */
  asOfMillis: z.optional(z.int()),
  spine: z.strictObject({
    key: z.string(),
    sha256: z.string(),
    sizeBytes: count,
    format: z.enum(['parquet', 'csv']),
    /** Absent where every row is as of `asOfMillis`. */
    eventTimeColumn: z.optional(z.string()),
  }),
  /** What the files hold of the spine, and how; absent where nothing was asked for: all rows, in order, as Parquet. */
  sample: z.optional(sampleSchema),
  split: z.optional(splitSchema),
  fileRows: z.optional(count),
  format: z.optional(z.literal('csv')),
  /** Of a split: its name is the folder of its files; least and greatest event time, inclusive. */
  splits: z.optional(
    z.array(
      z.strictObject({
        name: z.enum(splitNameList),
        rows: count,
        files: count,
        minEventMillis: z.int(),
        maxEventMillis: z.int(),
      }),
    ),
  ),
  rows: count,
  /** Files in row order, split by split. */
  files: z.array(
    z.strictObject({
      name: z.string().check(z.regex(datasetFileName)),
      rows: count,
      sizeBytes: count,
      sha256: z.string(),
    }),
  ),
  /** The column that is the label; named by the request. */
  label: z.optional(z.string()),
  /** Statistics of all columns (engine/statistics); absent in datasets that were built before there were any. */
  statisticsFile: z.optional(z.strictObject({ name: z.string(), sizeBytes: count, sha256: z.string() })),
  queries: z.array(z.strictObject({ id: z.string(), sql: z.string(), bytesScanned: count, millis: count })),
  bytesScanned: count,
  /** US dollars for Athena; see materialize/run-cost.ts. */
  costEstimate: z.number(),
});
export type DatasetManifest = z.infer<typeof datasetManifestSchema>;

/** The manifest of a dataset; undefined while there is none: such a dataset does not exist yet. */
export const findDatasetManifest = async (
  objects: Pick<Objects, 'get'>,
  id: string,
): Promise<DatasetManifest | undefined> =>
  (await readJson(objects, workFiles(id).manifest, datasetManifestSchema))?.value;
