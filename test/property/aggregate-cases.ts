import { type Aggregation, defaultExactUpTo, type Formula } from '#spec/aggregation.ts';
import type { Expression } from '#spec/expression.ts';
import type { Column } from '#spec/manifest.ts';
import type { FeatureType } from '#spec/value-type.ts';
import type { BatchFeature } from '#test/support/manifests.ts';
import type { OracleAggregate, OracleFeature, OracleFormula } from '../oracle/aggregates.ts';
import type { OracleValue } from '../oracle/values.ts';

/** Features of every aggregate over columns of every kind, as the product and as the oracle has them. */

export const entityKeys = [
  { name: 'case_id', type: 'int64' },
  { name: 'part', type: 'string' },
] as const;

export const schema: readonly Column[] = [
  ...entityKeys,
  { name: 't', type: 'timestamp' },
  { name: 'big', type: 'int64' },
  { name: 'small', type: 'int32' },
  { name: 'wide', type: 'float64' },
  { name: 'narrow', type: 'float32' },
  { name: 'word', type: 'string' },
  { name: 'flag', type: 'bool' },
  { name: 'at', type: 'timestamp' },
];

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

/** `hopMillis` in stream views only. */
export interface WindowCase {
  readonly windowMillis: number;
  readonly hopMillis?: number;
}

export interface FeatureCase {
  readonly feature: BatchFeature;
  readonly oracle: OracleFeature;
}

interface Part {
  readonly formula: Aggregation;
  readonly oracle: OracleAggregate;
}

const isFloat = (column: string): boolean => column === 'wide' || column === 'narrow';
const typeOf = (column: string) => schema.find(({ name }) => name === column)?.type ?? 'string';

interface Options {
  readonly column?: string;
  readonly filter?: Filter;
  readonly limit?: number;
  readonly exactUpTo?: number;
  readonly quantile?: number;
  readonly relativeError?: number;
}

function aggregation(kind: Aggregation['kind'], window: WindowCase, { column, filter, ...more }: Options = {}): Part {
  const where = filter ? { where: filter.expression } : {};
  const needsScale = ['sum', 'mean', 'variance', 'stddev'].includes(kind) && column !== undefined && isFloat(column);
  const scale = needsScale ? { scale: 6 } : {};
  const oracle = {
    kind,
    window: window.windowMillis,
    ...(window.hopMillis === undefined ? {} : { hop: window.hopMillis }),
    ...(column ? { column, type: typeOf(column) } : {}),
    ...scale,
    ...more,
    ...(filter ? { where: filter.decide } : {}),
  };
  if (kind === 'count' || column === undefined) return { formula: { kind: 'count', ...window, ...where }, oracle };
  return { formula: { kind, column, ...window, ...where, ...scale, ...more }, oracle };
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
  const ofColumn = typeOf(column) as BatchFeature['type']; // the schema has feature types only
  const type = isInteger
    ? 'int64'
    : kept
      ? ofColumn
      : kind === 'lastN'
        ? (`list<${ofColumn}>` as FeatureType)
        : 'float64'; // of a scalar
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

/** The same features over every window, and a few with filters, defaults and ratios over the shortest and the second. */
export function featuresOver(windows: readonly WindowCase[]): FeatureCase[] {
  const cases = windows.flatMap((window, at) => [
    featureCase(`count_${at}`, aggregation('count', window)),
    ...columnsByKind.flatMap(([kind, columns]) =>
      columns.map((column) => {
        const counted = kind === 'distinct' && window.hopMillis !== undefined ? { exactUpTo: defaultExactUpTo } : {};
        return featureCase(`${kind}_${column}_${at}`, aggregation(kind, window, { column, ...counted }));
      }),
    ),
  ]);
  const [short = { windowMillis: 1 }, long = short] = windows;
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

/** What only streams have. */
export function sketchesOver(windows: readonly WindowCase[]): FeatureCase[] {
  return windows.flatMap((window, at) => [
    ...['small', 'word', 'wide'].map((column) =>
      featureCase(`last3_${column}_${at}`, aggregation('lastN', window, { column, limit: 3 })),
    ),
    ...['big', 'word'].map((column) =>
      // so few are exact that random logs reach the registers
      featureCase(`about_${column}_${at}`, aggregation('distinct', window, { column, exactUpTo: 2 })),
    ),
    ...([0, 0.5, 0.9, 1] as const).map((quantile) =>
      featureCase(
        `q${quantile * 10}_wide_${at}`,
        aggregation('approxQuantile', window, { column: 'wide', quantile, relativeError: 0.01 }),
      ),
    ),
    featureCase(
      `median_big_${at}`,
      aggregation('approxQuantile', window, { column: 'big', quantile: 0.5, relativeError: 0.05 }),
    ),
  ]);
}
