import type { FeaturePlan } from '#engine/feature-plan.ts';
import { TidemarkError } from '#spec/errors.ts';
import { splitNames } from './dataset-options.ts';
import type { TrainingSetRequest } from './request.ts';
import type { SpineFile } from './spine-file.ts';

/** Values that a step may hold in memory: finishing, spine columns, joined features and results of all rows of a part. */
const maximumPartValues = 6_000_000;
/** Rows of a part, and so of a file of the dataset, where nothing else is asked for. */
const usualPartRows = 100_000;

export interface PartRowsOptions {
  readonly request: Pick<TrainingSetRequest, 'split' | 'fileRows'>;
  readonly plan: FeaturePlan;
  /** @default 100000 */
  readonly maximumPartRows?: number | undefined;
}

/** Rows of every part but a split's last. Throws trainingSet.fileTooLong where the files that are asked for do not fit a step's memory. */
export function partRowsOf(file: SpineFile, { request, plan, maximumPartRows }: PartRowsOptions): number {
  const bound = boundedRows(file, { request, plan });
  const { fileRows } = request;
  if (fileRows === undefined) return Math.min(maximumPartRows ?? usualPartRows, bound);
  if (fileRows <= bound) return fileRows;
  throw new TidemarkError(
    'trainingSet.fileTooLong',
    `files of ${fileRows} rows do not fit memory with the columns of this dataset; ask for at most ${bound} rows`,
  );
}

/** Rows of the blocks in which a spine is read, whatever its parts are. */
export const blockRowsOf = (file: SpineFile, options: Pick<PartRowsOptions, 'request' | 'plan'>): number =>
  Math.min(usualPartRows, boundedRows(file, options));

/** As many rows as bounded memory can finish at once; staging holds a part of every split besides the rows that it reads. */
function boundedRows(file: SpineFile, { request, plan }: Pick<PartRowsOptions, 'request' | 'plan'>): number {
  const joined = plan.reads.reduce((sum, read) => sum + 1 + read.features.length, 1);
  const finished = file.columns.length + joined + plan.results.length;
  const splits = splitNames(request.split).length;
  const staged = splits === 0 ? 0 : file.columns.length * (splits + 1);
  return Math.max(1, Math.floor(maximumPartValues / Math.max(finished, staged)));
}
