import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Cut, cutOf, type SplitName, splitNameList, splitNames } from './dataset-options.ts';
import type { TrainingSetRequest } from './request.ts';
import type { EventRange } from './spine-values.ts';

interface SplitPart extends EventRange {
  readonly rows: number;
  readonly split?: { readonly name: SplitName } | undefined;
}

/** A split of a dataset: what it holds. */
export interface DatasetSplit extends EventRange {
  readonly name: SplitName;
  readonly rows: number;
  readonly files: number;
}

/** The splits in order, each with at least one row; none where parts belong to no split. */
export function splitsOf(parts: readonly SplitPart[]): DatasetSplit[] {
  const splits = new Map<SplitName, DatasetSplit>();
  for (const { split, rows, minEventMillis, maxEventMillis } of parts) {
    if (!split) continue;
    const { name } = split;
    const known = splits.get(name) ?? { name, rows: 0, files: 0, minEventMillis, maxEventMillis };
    splits.set(name, {
      name,
      rows: known.rows + rows,
      files: known.files + 1,
      minEventMillis: Math.min(known.minEventMillis, minEventMillis),
      maxEventMillis: Math.max(known.maxEventMillis, maxEventMillis),
    });
  }
  return splitNameList.flatMap((name) => splits.get(name) ?? []);
}

const placeOf = ({ split }: Pick<SplitPart, 'split'>): number => (split ? splitNameList.indexOf(split.name) : 0);

/** Parts in the order of the dataset's files: split by split, and within one as they were staged. */
export const inSplitOrder = <T extends Pick<SplitPart, 'split'>>(parts: readonly T[]): T[] =>
  [...parts].sort((a, b) => placeOf(a) - placeOf(b));

/** What the manifest says of how a dataset is cut. */
export function describeCut(cut: Cut, parts: readonly SplitPart[]) {
  const splits = splitsOf(parts);
  return { ...cutOf(cut), ...(splits.length === 0 ? {} : { splits }) };
}

/** Throws trainingSet.emptySample and trainingSet.emptySplit: a model cannot be trained on nothing, or tested on it. */
export function refuseEmpty(
  { split, sample }: Pick<TrainingSetRequest, 'split' | 'sample'>,
  parts: readonly SplitPart[],
): void {
  const by = sample?.by === undefined ? 'rows' : `entity ${sample.by}`;
  if (parts.length === 0)
    throw new TidemarkError(
      'trainingSet.emptySample',
      `a sample of ${sample?.share} by ${by} keeps no row of the spine; take a greater share or another seed`,
    );
  const splits = splitsOf(parts);
  const empty = splitNames(split).filter((name) => splits.every((one) => one.name !== name));
  if (!split || empty.length === 0) return;
  const { min, max } = {
    min: Math.min(...parts.map(({ minEventMillis }) => minEventMillis)),
    max: Math.max(...parts.map(({ maxEventMillis }) => maxEventMillis)),
  };
  const fix =
    split.kind === 'time'
      ? `the labels are from ${formatInstant(min)} to ${formatInstant(max)}, cut at ${split.cutsMillis.map(formatInstant).join(' and ')}; move the cuts`
      : `there are too few of entity ${split.by}; take greater shares or another seed`;
  throw new TidemarkError('trainingSet.emptySplit', `no label falls into ${empty.join(' nor ')}: ${fix}`);
}
