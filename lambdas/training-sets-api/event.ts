import * as z from 'zod/mini';
import { datasetFormats, fileRowsSchema, sampleSchema, splitNameList } from '#engine/training-set/dataset-options.ts';
import { trainingSetIdSchema, trainingSetModes } from '#engine/training-set/request.ts';

/** Body of POST /v1/training-sets. */
export const trainingSetBodySchema = z.strictObject({
  id: z.optional(trainingSetIdSchema),
  spine: z
    .string()
    .check(z.minLength(1), z.describe("s3:// URI or key of a Parquet or CSV file in the deployment's bucket")),
  service: z.optional(
    z.string().check(z.describe('name[@version] of a feature service; send either this or `features`')),
  ),
  features: z.optional(
    z.array(z.string()).check(z.minLength(1), z.maxLength(200), z.describe('refs: view[@version]:feature')),
  ),
  mode: z.optional(z.enum(trainingSetModes)),
  lag: z.optional(
    z.union([z.string(), z.int().check(z.nonnegative())]).check(z.describe('2h, 30m, 1d, or milliseconds')),
  ),
  eventTimeColumn: z.optional(z.string().check(z.minLength(1))),
  label: z.optional(
    z.string().check(z.minLength(1), z.describe('column of the dataset whose classes are counted in its statistics')),
  ),
  split: z.optional(
    z
      .strictObject({
        time: z.optional(
          z.array(z.string()).check(z.describe('one or two ISO 8601 instants: train is event time < the first')),
        ),
        hash: z.optional(z.array(z.number()).check(z.describe('two or three shares whose sum is 1'))),
        by: z.optional(z.string().check(z.describe('with `hash`: the entity whose labels stay together'))),
        seed: z.optional(z.int().check(z.nonnegative())),
      })
      .check(z.describe('train, (validation,) test: by `time`, or by `hash` of an entity')),
  ),
  sample: z.optional(
    sampleSchema.check(
      z.describe('a share of the labels, drawn by the hash of the entity `by`; without one, by event time and keys'),
    ),
  ),
  fileRows: z.optional(fileRowsSchema.check(z.describe('rows of every file, 1,000 to 1,000,000'))),
  format: z.optional(z.enum(datasetFormats)),
  asOf: z.optional(
    z
      .string()
      .check(
        z.describe(
          'bulk inference: `now`, or an ISO 8601 instant that has passed; every row of the spine is evaluated then, as served, and needs no event time',
        ),
      ),
  ),
});

/** More links than these would not fit an answer: of such a dataset files are read from the bucket. */
export const maximumLinks = 1000;

/** Answer of POST and GET: the record, with the dataset once it is complete. */
export const trainingSetAnswerSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['queued', 'running', 'succeeded', 'failed']),
  step: z.optional(z.string()),
  error: z.optional(z.strictObject({ code: z.string(), message: z.string() })),
  startedAt: z.optional(z.string()),
  finishedAt: z.optional(z.string()),
  files: z.optional(
    z
      .array(
        z.strictObject({
          name: z.string().check(z.describe('path within the dataset; its folder is the split')),
          url: z.string().check(z.describe('reads the file without a token, for an hour at most')),
          sizeBytes: z.int(),
          rows: z.int(),
        }),
      )
      .check(z.describe(`links to the files in row order; absent beyond ${maximumLinks} files`)),
  ),
  statistics: z.optional(
    z
      .strictObject({ url: z.string(), sizeBytes: z.int() })
      .check(z.describe('link to the statistics of all columns, as JSON; reads without a token, for an hour at most')),
  ),
  dataset: z.optional(
    z.strictObject({
      location: z.string(),
      requestId: z
        .string()
        .check(z.describe('equal for equal definitions, spine, options and objects read; see `pinned`')),
      datasetId: z.string().check(z.describe('hash of the content')),
      pinned: z.boolean().check(z.describe('false: what was read changed while it was read')),
      rows: z.int(),
      files: z.array(z.string()),
      format: z.enum(datasetFormats),
      sample: z.optional(sampleSchema),
      splits: z.optional(
        z
          .array(
            z.strictObject({
              name: z.enum(splitNameList),
              rows: z.int(),
              files: z.int(),
              from: z.string().check(z.describe('least event time, inclusive')),
              to: z.string().check(z.describe('greatest event time, inclusive')),
            }),
          )
          .check(z.describe('in order; the files of each lie in a folder of its name')),
      ),
      vectorHash: z.optional(
        z
          .string()
          .check(z.describe('of its features as a vector without a fill: send it when serving what was trained on it')),
      ),
      features: z.array(
        z.strictObject({ name: z.string(), ref: z.string(), type: z.string(), nulls: z.int(), nullShare: z.number() }),
      ),
      service: z.optional(z.strictObject({ name: z.string(), version: z.int(), definitionHash: z.string() })),
      definitionsHash: z.string(),
      spineSha256: z.string(),
      mode: z.enum(trainingSetModes),
      lagMillis: z.int(),
      asOf: z.optional(z.string().check(z.describe('the one instant of every row, of an export'))),
      bytesScanned: z.int(),
      costEstimate: z.number(),
    }),
  ),
});
export type TrainingSetAnswer = z.infer<typeof trainingSetAnswerSchema>;
