import type { DatasetSplit } from '#engine/training-set/dataset-splits.ts';
import { formatInstant } from '#semantics/time.ts';
import { grouped } from './table.ts';

/** A line for each split of a dataset: its rows, files and times. */
export const splitLines = ({ splits = [] }: { readonly splits?: readonly DatasetSplit[] | undefined }): string[] =>
  splits.map(
    ({ name, rows, files, minEventMillis, maxEventMillis }) =>
      `  ${name}: ${grouped(rows)} rows in ${files} ${files === 1 ? 'file' : 'files'}, ${formatInstant(minEventMillis)} to ${formatInstant(maxEventMillis)}`,
  );
