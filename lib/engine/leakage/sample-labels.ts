import { spineColumns } from '#engine/training-set/spine-file.ts';
import { spineLayout } from '#engine/training-set/spine-layout.ts';
import { usedValues } from '#engine/training-set/spine-values.ts';
import { TidemarkError } from '#spec/errors.ts';
import { spineKeyColumn } from '#spec/layout.ts';
import type { Entity } from '#spec/manifest.ts';
import type { ScalarType, Value } from '#spec/value-type.ts';
import { type OpenedDataset, rowBlocks, sampleStride } from './dataset-rows.ts';

export interface SampledKey {
  readonly entity: string;
  readonly key: string;
  readonly target: string;
  readonly type: ScalarType;
  readonly values: readonly Value[];
}

/** Labels of a dataset with the values that it gives them, evenly spread over its rows. */
export interface LabelSample {
  /** Row numbers in the dataset, ascending. */
  readonly rows: readonly number[];
  /** Event times, epoch milliseconds. */
  readonly eventMillis: readonly number[];
  /** Keys of every entity; `target` is their column in a staged spine. */
  readonly keys: readonly SampledKey[];
  /** Features by result name. */
  readonly values: ReadonlyMap<string, readonly Value[]>;
}

/** At most `sampleRows` labels of a dataset. Throws leakage.noRows for one without rows, leakage.noLabels for an export, and codec.unknownParquetColumn. */
export async function sampleLabels(
  dataset: OpenedDataset,
  entities: readonly Entity[],
  sampleRows: number,
): Promise<LabelSample> {
  const { manifest } = dataset;
  const [first] = manifest.files;
  if (!first || manifest.rows === 0)
    throw new TidemarkError('leakage.noRows', `training set ${manifest.id} has no rows`);
  const results = manifest.features.map(({ name }) => name);
  const columns = spineColumns(await dataset.open(first.name)).filter(({ name }) => !results.includes(name));
  // Keys and times only: transforms are not computed again, so their request fields are not needed.
  const plan = { service: undefined, results: [], reads: [], transforms: [], requestFields: [], entities };
  const { eventTimeColumn } = manifest.spine;
  const { eventTime, keys } = spineLayout(
    columns,
    plan,
    eventTimeColumn === undefined ? { asOf: 'now' } : { eventTimeColumn },
  );
  if (!eventTime)
    throw new TidemarkError(
      'leakage.noLabels',
      `${manifest.id} is an export: all its rows are of one instant, so no label has a time to look back from; name a training set`,
    );
  const uses = [eventTime, ...keys];
  const wanted = [...uses.map(({ column }) => ({ name: column })), ...results.map((name) => ({ name }))];
  const stride = sampleStride(manifest.rows, sampleRows);
  const rows: number[] = [];
  const taken: Value[][] = wanted.map(() => []);
  for await (const block of rowBlocks(dataset, wanted))
    for (let at = (stride - (block.firstRow % stride)) % stride; at < block.rows; at += stride) {
      rows.push(block.firstRow + at);
      for (const [position, column] of taken.entries()) column.push(block.columns[position]?.[at] ?? null);
    }
  const converted = uses.map((use, position) => usedValues(use, { values: () => taken[position] ?? [] }, 0));
  const declared = entities.flatMap((entity) => entity.keys.map((key) => ({ entity: entity.name, ...key })));
  return {
    rows,
    eventMillis: (converted[0] ?? []).map(Number),
    keys: declared.map(({ entity, name, type }, at) => ({
      entity,
      key: name,
      target: spineKeyColumn(entity, name),
      type,
      values: converted[at + 1] ?? [],
    })),
    values: new Map(results.map((name, at) => [name, taken[uses.length + at] ?? []])),
  };
}
