import * as z from 'zod/mini';
import { isInstant } from '#semantics/time.ts';

/** What the dataset's files are. */
export const datasetFormats = ['parquet', 'csv'] as const;
export type DatasetFormat = (typeof datasetFormats)[number];

const seedSchema = z.int().check(z.nonnegative());
const shareSchema = z
  .number()
  .check(z.refine((share) => share > 0 && share < 1, 'must be between 0 and 1, neither of them'));
const entityName = z.string().check(z.minLength(1));

/** Rows of a file: fewer are not worth one, more do not fit a step's memory (wide datasets fit less, see boundedRows). */
export const fileRowsSchema = z
  .int()
  .check(z.refine((rows) => rows >= 1000 && rows <= 1_000_000, 'must be from 1,000 to 1,000,000'));

/** The share of the labels to keep, drawn by the hash of an entity's keys, or of every row where no entity is named. */
export const sampleSchema = z.strictObject({
  share: shareSchema,
  by: z.optional(entityName),
  seed: z._default(seedSchema, 0),
});
export type Sample = z.output<typeof sampleSchema>;

const sumsToOne = (shares: readonly number[]): boolean =>
  Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9;
const isAscending = (cuts: readonly number[]): boolean =>
  cuts.every((cut, at) => at === 0 || cut > (cuts[at - 1] ?? cut));

/**
 * Train, validation and test, or without the middle one. `time`: a label belongs to the split after the last cut that its event time has
 * reached: train is event time < first cut. `hash`: all labels of an entity are in one split, chosen by the hash of its keys.
 */
export const splitSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('time'),
    cutsMillis: z
      .array(z.int().check(z.refine(isInstant, 'must be in years 0001..9999')))
      .check(z.minLength(1), z.maxLength(2), z.refine(isAscending, 'must be ascending')),
  }),
  z.strictObject({
    kind: z.literal('hash'),
    shares: z
      .array(shareSchema)
      .check(z.minLength(2), z.maxLength(3), z.refine(sumsToOne, 'must be two or three shares whose sum is 1')),
    by: entityName,
    seed: z._default(seedSchema, 0),
  }),
]);
export type Split = z.output<typeof splitSchema>;

/** In the order in which a dataset has them. */
export const splitNameList = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNameList)[number];

/** Names of a dataset's splits in order; none where it is not split. */
export function splitNames(split: Split | undefined): readonly SplitName[] {
  if (!split) return [];
  const count = split.kind === 'time' ? split.cutsMillis.length + 1 : split.shares.length;
  return count === 2 ? ['train', 'test'] : splitNameList;
}

/** Name of a file within a dataset's folder, whatever somebody else's manifest says: nothing outside of the folder. */
export const datasetFileName = /^(?:(?:train|validation|test)\/)?[\w-][\w.-]*$/;

/** How a dataset is cut out of its spine. */
export interface Cut {
  readonly split?: Split | undefined;
  readonly sample?: Sample | undefined;
  readonly fileRows?: number | undefined;
  readonly format?: DatasetFormat | undefined;
}

/** What differs from a dataset for which nothing of it is asked: Parquet is what it is without a format. */
export const cutOf = ({ split, sample, fileRows, format }: Cut) => ({
  ...(sample ? { sample } : {}),
  ...(split ? { split } : {}),
  ...(fileRows === undefined ? {} : { fileRows }),
  ...(format === 'csv' ? { format } : {}),
});
