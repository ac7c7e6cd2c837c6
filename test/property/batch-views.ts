import type { Aggregation, Formula } from '#spec/aggregation.ts';
import type { Expression } from '#spec/expression.ts';
import type { BatchView, Column, Entity, Manifest, ParquetSource } from '#spec/manifest.ts';
import { type BatchFeature, batchViewOf, entityOf, manifestOf, sourceOf } from '#test/support/manifests.ts';
import type { OracleAggregate, OracleFeature, OracleFormula } from '../oracle/aggregates.ts';
import type { OracleValue } from '../oracle/values.ts';

/** The views of the batch property test: every aggregate over columns of every kind, windows that are and are not multiples of the schedule. */
const minute = 60_000;
const hour = 60 * minute;

export const schema: readonly Column[] = [
  { name: 'case_id', type: 'int64' },
  { name: 'part', type: 'string' },
  { name: 't', type: 'timestamp' },
  { name: 'big', type: 'int64' },
  { name: 'small', type: 'int32' },
  { name: 'wide', type: 'float64' },
  { name: 'narrow', type: 'float32' },
  { name: 'word', type: 'string' },
  { name: 'flag', type: 'bool' },
  { name: 'at', type: 'timestamp' },
];

export const entity: Entity = entityOf('log', [
  { name: 'case_id', type: 'int64' },
  { name: 'part', type: 'string' },
]);
export const source: ParquetSource = sourceOf('events', schema, { eventTime: 't' });

/** A filter as the product has it and as the oracle decides it. */
interface Filter {
  readonly expression: Expression;
  readonly decide: (row: Readonly<Record<string, OracleValue>>) => boolean | null;
}
const flagged: Filter = {
  expression: { op: 'eq', column: 'flag', value: true },
  decide: ({ flag }) => (flag === null ? null : flag === true),
};
const notWordA: Filter = {
  expression: { op: 'not', of: { op: 'in', column: 'word', values: ['a', 'é'] } },
  decide: ({ word }) => (word === null ? null : word !== 'a' && word !== 'é'),
};
const wideOrFlag: Filter = {
  expression: { op: 'or', of: [{ op: 'gt', column: 'wide', value: 1 }, flagged.expression] },
  decide: ({ wide, flag }) => {
    const isWide = wide === null ? null : (wide as number) > 1; // the column is float64
    if (isWide === true || flag === true) return true;
    return isWide === null || flag === null ? null : false;
  },
};

interface FeatureCase {
  readonly feature: BatchFeature;
  readonly oracle: OracleFeature;
}

const isFloat = (column: string): boolean => column === 'wide' || column === 'narrow';
const typeOf = (column: string) => schema.find(({ name }) => name === column)?.type ?? 'string';

function aggregation(
  kind: Aggregation['kind'],
  windowMillis: number,
  { column, filter }: { column?: string; filter?: Filter } = {},
): { formula: Aggregation; oracle: OracleAggregate } {
  const where = filter ? { where: filter.expression } : {};
  const needsScale = ['sum', 'mean', 'variance', 'stddev'].includes(kind) && column !== undefined && isFloat(column);
  const scale = needsScale ? { scale: 6 } : {};
  const oracle = {
    kind,
    window: windowMillis,
    ...(column ? { column } : {}),
    ...scale,
    ...(filter ? { where: filter.decide } : {}),
  };
  if (kind === 'count' || column === undefined) return { formula: { kind: 'count', windowMillis, ...where }, oracle };
  return { formula: { kind, column, windowMillis, ...where, ...scale }, oracle };
}

function featureCase(
  name: string,
  { formula, oracle }: { formula: Formula; oracle: OracleFormula },
  defaultValue?: number,
): FeatureCase {
  const { kind } = formula;
  const column = 'column' in formula ? formula.column : '';
  const isInteger = kind === 'count' || kind === 'distinct' || (kind === 'sum' && !isFloat(column));
  const kept = kind === 'min' || kind === 'max' || kind === 'first' || kind === 'last';
  const type = isInteger ? 'int64' : kept ? (typeOf(column) as BatchFeature['type']) : 'float64'; // the schema has feature types only
  const declared = defaultValue === undefined ? {} : { default: defaultValue };
  return { feature: { name, type, formula, ...declared }, oracle: { formula: oracle, isInteger, ...declared } };
}

const columnsByKind: readonly (readonly [Aggregation['kind'], readonly string[]])[] = [
  ['sum', ['big', 'small', 'wide', 'narrow']],
  ['mean', ['big', 'small', 'wide', 'narrow']],
  ['variance', ['small', 'wide']],
  ['stddev', ['big', 'narrow']],
  ['min', ['big', 'wide', 'word', 'at']],
  ['max', ['small', 'narrow', 'word', 'flag']],
  ['first', ['big', 'wide', 'word']],
  ['last', ['small', 'word', 'at', 'wide']],
  ['distinct', ['big', 'word', 'wide', 'flag']],
];

function featuresOver(windows: readonly number[]): FeatureCase[] {
  const cases = windows.flatMap((window, at) => [
    featureCase(`count_${at}`, aggregation('count', window)),
    ...columnsByKind.flatMap(([kind, columns]) =>
      columns.map((column) => featureCase(`${kind}_${column}_${at}`, aggregation(kind, window, { column }))),
    ),
  ]);
  const [short = hour, long = hour] = windows;
  const some = aggregation('count', long, { filter: flagged });
  const all = aggregation('count', long);
  const filteredSum = aggregation('sum', short, { column: 'wide', filter: notWordA });
  const mean = aggregation('mean', long, { column: 'small' });
  return [
    ...cases,
    featureCase('flagged', some),
    featureCase('mean_or_7', aggregation('mean', short, { column: 'narrow', filter: wideOrFlag }), 7),
    featureCase('max_or_minus_1', aggregation('max', short, { column: 'small', filter: flagged }), -1),
    featureCase('share', {
      formula: { kind: 'ratio', numerator: some.formula, denominator: all.formula },
      oracle: { kind: 'ratio', above: some.oracle, below: all.oracle },
    }),
    featureCase(
      'odd',
      {
        formula: { kind: 'ratio', numerator: filteredSum.formula, denominator: mean.formula },
        oracle: { kind: 'ratio', above: filteredSum.oracle, below: mean.oracle },
      },
      0.5,
    ),
  ];
}

export interface ViewCase {
  readonly view: BatchView;
  readonly features: readonly OracleFeature[];
  readonly windows: readonly number[];
}

function viewCase(name: string, scheduleMillis: number, windows: readonly number[]): ViewCase {
  const cases = featuresOver(windows);
  const view = batchViewOf(
    name,
    cases.map(({ feature }) => feature),
    { entity: entity.name, source: source.name, scheduleMillis },
  );
  return { view, features: cases.map(({ oracle }) => oracle), windows };
}

export const viewCases: readonly ViewCase[] = [
  viewCase('aligned', hour, [2 * hour, 5 * hour]),
  viewCase('unaligned', 30 * minute, [20 * minute, 90 * minute]),
];

export const manifest: Manifest = manifestOf({
  entities: [entity],
  sources: [source],
  views: viewCases.map(({ view }) => view),
});
