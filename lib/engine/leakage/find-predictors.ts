import type { WantedColumn } from '#codec/parquet-read.ts';
import { TidemarkError } from '#spec/errors.ts';
import { isColumnType, type Value } from '#spec/value-type.ts';
import { columnType, type OpenedDataset, rowBlocks, sampleStride } from './dataset-rows.ts';
import { FeatureProfile, type LabelValue } from './feature-profile.ts';
import { judgeFeature } from './judge-feature.ts';
import { categoryOf, type LabelKind, LabelProfile, numberOf } from './label-profile.ts';
import type { Leak } from './leak.ts';

/** Rows whose numbers are kept for ranks: 16 MB for 20 features. */
const rankedRows = 100_000;
/** Features that are measured in one pass over the files, which bounds memory. */
const featuresPerPass = 50;

/** What the features of a dataset tell of its label: leaks in the order of the features, and how the label was understood. */
export interface PredictorReport {
  readonly label: LabelKind;
  /** Rows with a label. */
  readonly rows: number;
  readonly leaks: readonly Leak[];
}

/**
 * Measures every feature against a label column, reading the files block by block. Counts are of all rows; ranks of at most 100,000, evenly spread.
 * Throws leakage.badLabel.
 */
export async function findPredictors(dataset: OpenedDataset, labelColumn: string): Promise<PredictorReport> {
  const label = await labelKind(dataset, labelColumn);
  const features = dataset.manifest.features.filter(({ name }) => name !== labelColumn);
  const leaks: Leak[] = [];
  let rows = 0;
  for (let first = 0; first < features.length; first += featuresPerPass) {
    const profiles = features
      .slice(first, first + featuresPerPass)
      .map(
        ({ name, type }) =>
          new FeatureProfile(
            name,
            isColumnType(type) ? type : 'string',
            label.kind === 'classes' ? label.classes.length : 0,
          ),
      );
    rows = await fill(dataset, profiles, { label, labelColumn });
    for (const profile of profiles) leaks.push(...judgeFeature(profile, label, rows));
  }
  return { label, rows, leaks };
}

async function labelKind(dataset: OpenedDataset, column: string): Promise<LabelKind> {
  const type = await columnType(dataset, column);
  if (type === undefined)
    throw new TidemarkError(
      'leakage.badLabel',
      `the dataset has no column ${column} that a label can be read from; name one with --label`,
      {
        kind: 'notFound',
        details: { column },
      },
    );
  const profile = new LabelProfile(column, type);
  for await (const { columns } of rowBlocks(dataset, [{ name: column }]))
    for (const value of columns[0] ?? []) profile.add(value);
  return profile.kind();
}

async function fill(
  dataset: OpenedDataset,
  profiles: readonly FeatureProfile[],
  { label, labelColumn }: { readonly label: LabelKind; readonly labelColumn: string },
): Promise<number> {
  const stride = sampleStride(dataset.manifest.rows, rankedRows);
  const read = labelReader(label);
  const wanted: WantedColumn[] = [{ name: labelColumn }, ...profiles.map(({ name }) => ({ name }))];
  let labelled = 0;
  for await (const { firstRow, columns } of rowBlocks(dataset, wanted)) {
    const labels = (columns[0] ?? []).map(read);
    labelled += labels.filter((value) => value !== undefined).length;
    for (const [position, profile] of profiles.entries()) {
      const values = columns[position + 1] ?? [];
      for (const [at, value] of labels.entries()) {
        const row = firstRow + at;
        if (value) profile.add(values[at] ?? null, value, { row, isSampled: row % stride === 0 });
      }
    }
  }
  return labelled;
}

/** Undefined for rows without a label. */
function labelReader(label: LabelKind): (value: Value) => LabelValue | undefined {
  if (label.kind === 'number')
    return (value) => {
      const number = numberOf(value);
      return number === undefined ? undefined : { number };
    };
  const places = new Map(label.classes.map((name, at) => [name, at]));
  return (value) => {
    const classAt = places.get(categoryOf(value) ?? '');
    return classAt === undefined ? undefined : { classAt };
  };
}
