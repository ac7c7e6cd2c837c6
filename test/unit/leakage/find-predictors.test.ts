import { describe, expect, it } from 'vitest';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { findPredictors } from '#engine/leakage/find-predictors.ts';
import type { Leak } from '#engine/leakage/leak.ts';
import type { Value } from '#spec/value-type.ts';
import { datasetOf } from '#test/support/leaky-dataset.ts';
import { Random } from '#test/support/random.ts';

const rows = 2_000;
const random = new Random(7);
const noise = Array.from({ length: rows }, () => random.next());
const late = noise.map((value) => value > 0.7);
const of = <T extends Value>(make: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => make(row));
const isLate = (row: number): boolean => late[row] ?? false;

/** Features that know nothing, or as much as an honest one may. */
const honest: TypedColumn[] = [
  { name: 'amount', type: 'float64', values: of(() => random.next()) },
  { name: 'helpful', type: 'float64', values: of((row) => random.next() + (isLate(row) ? 0.6 : 0)) },
  { name: 'city', type: 'string', values: of(() => random.pick(['Kraków', 'Łódź', 'Gdańsk'])) },
  { name: 'trip_id', type: 'string', values: of((row) => `trip ${row}`) },
  { name: 'few_rows_each', type: 'int64', values: of((row) => BigInt(Math.floor(row / 3))) },
  { name: 'sometimes', type: 'float64', values: of(() => (random.chance(0.3) ? null : random.next())) },
  { name: 'constant', type: 'int64', values: of(() => 1n) },
  { name: 'never', type: 'float64', values: of(() => null) },
  { name: 'tags', type: 'list<string>', values: of((row) => [isLate(row) ? 'late' : 'not']) },
  { name: 'strange', type: 'float64', values: of(() => random.pick([Number.NaN, Number.POSITIVE_INFINITY, -0, 1])) },
];

const leaksOf = async (
  label: TypedColumn,
  features: readonly TypedColumn[],
  fileRows = 777,
): Promise<readonly Leak[]> => {
  const named = Object.fromEntries(features.map(({ name }) => [name, `view@1:${name}`]));
  const dataset = datasetOf({ columns: [label, ...features], features: named, fileRows });
  return (await findPredictors(dataset, label.name)).leaks;
};
const summary = (leaks: readonly Leak[]) =>
  leaks.map(({ kind, features, measure }) => [kind, features[0], measure?.name]);

describe('predictors of a label of two classes', () => {
  const label: TypedColumn = { name: 'is_late', type: 'bool', values: late };

  it('are not found in honest features, identifiers and constants', async () => {
    expect(summary(await leaksOf(label, honest))).toEqual([]);
  });

  it('are found by order, by category, and by what stands on both sides of a threshold', async () => {
    const planted: TypedColumn[] = [
      { name: 'arrival_delay', type: 'float64', values: of((row) => (noise[row] ?? 0) * 100) },
      { name: 'negated', type: 'int64', values: of((row) => BigInt(Math.round((noise[row] ?? 0) * -1e6))) },
      {
        name: 'status',
        type: 'string',
        values: of((row) => (isLate(row) ? random.pick(['late', 'diverted']) : 'on time')),
      },
      { name: 'folded', type: 'int32', values: of((row) => (isLate(row) ? random.pick([-1, 1]) : 0)) },
      {
        name: 'nearly',
        type: 'float64',
        values: of((row) => (isLate(row) !== random.chance(0.005) ? 1 : 0) + random.next() / 2),
      },
    ];
    const leaks = await leaksOf(label, [...honest, ...planted]);
    expect(summary(leaks)).toEqual([
      ['perfectPredictor', 'arrival_delay', 'areaUnderCurve'],
      ['perfectPredictor', 'negated', 'areaUnderCurve'],
      ['perfectPredictor', 'status', 'explainedShare'],
      ['perfectPredictor', 'folded', 'explainedShare'],
      ['suspiciousPredictor', 'nearly', 'areaUnderCurve'],
    ]);
    expect(leaks.map((leak) => [leak.rows, leak.ofRows])).toEqual(planted.map(() => [rows, rows]));
  });

  it('are found where a value is missing exactly with one class, and the first such rows are named', async () => {
    const landed: TypedColumn = {
      name: 'landed',
      type: 'float64',
      values: of((row) => (isLate(row) ? null : random.next())),
    };
    const [leak, ...others] = await leaksOf(label, [...honest, landed]);
    const lateRows = late.flatMap((value, row) => (value ? [row] : []));
    expect(others).toEqual([]);
    expect(leak).toMatchObject({ kind: 'nullPattern', features: ['landed'], rows: lateRows.length, ofRows: rows });
    expect(leak?.examples.map(({ row }) => row)).toEqual(lateRows.slice(0, 5));
  });

  it('are not claimed of fewer rows than prove something', async () => {
    const rare: TypedColumn = { name: 'fraud', type: 'bool', values: of((row) => row % 300 === 0) };
    const same: TypedColumn = { name: 'same', type: 'float64', values: of((row) => Number(row % 300 === 0)) };
    expect(await leaksOf(rare, [same])).toEqual([]);
  });

  it('leave rows without a label out', async () => {
    const values = of((row) => (row % 2 === 0 ? null : isLate(row)));
    const hidden: TypedColumn = {
      name: 'hidden',
      type: 'int32',
      values: of((row) => (row % 2 === 0 ? 5 : Number(isLate(row)))),
    };
    const [leak] = await leaksOf({ name: 'is_late', type: 'bool', values }, [hidden]);
    expect(leak).toMatchObject({ kind: 'perfectPredictor', rows: rows / 2, ofRows: rows / 2 });
  });
});

describe('predictors of other labels', () => {
  it('are found one class against the rest, and by category, of three classes', async () => {
    const kinds = ['low', 'middle', 'high'];
    const at = (row: number): number => Math.floor((noise[row] ?? 0) * 3);
    const label: TypedColumn = { name: 'kind', type: 'string', values: of((row) => kinds[at(row)] ?? '') };
    const leaks = await leaksOf(label, [
      ...honest.filter(({ name }) => name !== 'tags'),
      { name: 'level', type: 'float64', values: noise },
      { name: 'only_high', type: 'string', values: of((row) => (at(row) === 2 ? 'x' : null)) },
    ]);
    expect(summary(leaks)).toEqual([
      ['perfectPredictor', 'level', 'areaUnderCurve'],
      ['nullPattern', 'only_high', 'explainedShare'],
    ]);
  });

  it('are found by correlation, straight or not, by group and by nulls, of a number', async () => {
    const label: TypedColumn = { name: 'delay', type: 'float64', values: noise };
    const leaks = await leaksOf(label, [
      ...honest.filter(({ name }) => name !== 'tags'),
      { name: 'minutes', type: 'float64', values: noise.map((value) => value * -60 + 5) },
      { name: 'cubed', type: 'float64', values: noise.map((value) => Math.exp(20 * value)) },
      { name: 'band', type: 'string', values: noise.map((value) => `band ${Math.floor(value * 30)}`) },
      { name: 'if_long', type: 'bool', values: noise.map((value) => (value > 0.5 ? true : null)) },
    ]);
    expect(summary(leaks)).toEqual([
      ['perfectPredictor', 'minutes', 'correlation'],
      ['perfectPredictor', 'cubed', 'correlation'],
      ['suspiciousPredictor', 'band', 'explainedVariance'],
      ['nullPattern', 'if_long', 'areaUnderCurve'],
    ]);
  });

  it('are not looked for where a label is none', async () => {
    const label = (values: readonly Value[]): TypedColumn => ({ name: 'label', type: 'string', values });
    await expect(leaksOf(label(of(() => 'same')), honest)).rejects.toThrow(
      /column label has the one value same in every row/,
    );
    await expect(leaksOf(label(of(() => null)), honest)).rejects.toThrow(/column label has no value/);
    await expect(leaksOf(label(of((row) => `${row}`)), honest)).rejects.toThrow(/more than 50 different texts/);
    const dataset = datasetOf({ columns: honest, features: {} });
    await expect(findPredictors(dataset, 'labl')).rejects.toThrow(/no column labl/);
  });
});
