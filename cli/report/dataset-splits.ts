import type { Sample } from '#engine/training-set/dataset-options.ts';
import type { DatasetSplit } from '#engine/training-set/dataset-splits.ts';
import { formatInstant } from '#semantics/time.ts';
import { grouped } from './table.ts';

interface CutDataset {
  readonly sample?: Sample | undefined;
  readonly splits?: readonly DatasetSplit[] | undefined;
}

/** How a dataset was drawn, and a line for each of its splits: rows, files and times. */
export const splitLines = ({ sample, splits = [] }: CutDataset): string[] => [
  ...(sample ? [`  a sample of ${sample.share} by ${sample.by ?? 'row'}, seed ${sample.seed}`] : []),
  ...splits.map(
    ({ name, rows, files, minEventMillis, maxEventMillis }) =>
      `  ${name}: ${grouped(rows)} rows in ${files} ${files === 1 ? 'file' : 'files'}, ${formatInstant(minEventMillis)} to ${formatInstant(maxEventMillis)}`,
  ),
];
