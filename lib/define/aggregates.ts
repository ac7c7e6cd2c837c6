import type { ColumnAggregate } from '#spec/aggregation.ts';
import type { FeatureType, ScalarType } from '#spec/value-type.ts';
import { type Documentation, documentationOf } from './definition.ts';
import type { Filter } from './filters.ts';
import type { CarriesReads, Read, ReadsOf } from './reads.ts';

export type FormulaKind = ColumnAggregate | 'count' | 'ratio';
/** Aggregates that only stream views compute. */
export const streamOnlyKinds = ['lastN', 'approxQuantile'] as const satisfies readonly ColumnAggregate[];
export type StreamOnlyKind = (typeof streamOnlyKinds)[number];

/** A default as written: an int64 may be a number. */
export type DefaultLiteral = number | bigint | string | boolean | Uint8Array | readonly DefaultElement[];
type DefaultElement = number | bigint | string | boolean | Uint8Array | null;

/** How one feature of a batch or stream view is computed. Which columns it reads is checked where the view names its source. */
export interface Formula<TKind extends FormulaKind = FormulaKind, TReads extends Read = Read>
  extends CarriesReads<TReads> {
  readonly kind: TKind;
  readonly column: string | undefined;
  readonly windowMillis: number | undefined;
  readonly hopMillis: number | undefined;
  readonly where: Filter | undefined;
  readonly scale: number | undefined;
  readonly limit: number | undefined;
  readonly exactUpTo: number | undefined;
  readonly quantile: number | undefined;
  readonly relativeError: number | undefined;
  readonly numerator: Formula | undefined;
  readonly denominator: Formula | undefined;
  readonly default: DefaultLiteral | undefined;
  readonly documentation: Documentation;
}

interface FeatureOptions<TDefault extends DefaultLiteral> extends Documentation {
  /** The value wherever there is none: empty window, no row, expired row; never for a stored null. */
  readonly default?: TDefault;
}
interface AggregateOptions<TDefault extends DefaultLiteral, TWhere extends Filter> extends FeatureOptions<TDefault> {
  /** Milliseconds, as `days(30)`: events in (t - window, t] count. */
  readonly window: number;
  /**
   * Stream views only, milliseconds, as `minutes(5)`: the window's tail moves by steps of it, so at t the window covers
   * (floor((t - window) / hop) * hop, t]. At most the window, at least a thousandth of it. @default about a 60th, see docs/definitions.md
   */
  readonly hop?: number;
  /** Only rows for which it is true count. */
  readonly where?: TWhere;
}
interface ScaledOptions<TDefault extends DefaultLiteral, TWhere extends Filter>
  extends AggregateOptions<TDefault, TWhere> {
  /** Floats only: decimal digits that are kept in exact sums, 0 to 12. @default 6 */
  readonly scale?: number;
}
interface LastOptions<TWhere extends Filter> extends AggregateOptions<readonly DefaultElement[], TWhere> {
  /** Values that are kept, 1 to 100. */
  readonly limit: number;
}
interface DistinctOptions<TWhere extends Filter> extends AggregateOptions<number | bigint, TWhere> {
  /** Stream views only: up to so many different values the number is exact, beyond it is estimated (standard error 3.25 %); 1 to 1,000. @default 64 */
  readonly exactUpTo?: number;
}
interface QuantileOptions<TWhere extends Filter> extends AggregateOptions<number, TWhere> {
  /** 0 (least) to 1 (greatest); 0.5 is the median. */
  readonly quantile: number;
  /** The value is off by at most this share of itself, 0.001 to 0.25: the smaller, the larger the state of each entity. @default 0.01 */
  readonly relativeError?: number;
}
interface AnyOptions extends FeatureOptions<DefaultLiteral> {
  readonly window?: number;
  readonly hop?: number;
  readonly where?: Filter;
  readonly scale?: number;
  readonly limit?: number;
  readonly exactUpTo?: number;
  readonly quantile?: number;
  readonly relativeError?: number;
}

const formula = <TKind extends FormulaKind>(kind: TKind, column: string | undefined, options: AnyOptions) => ({
  kind,
  column,
  windowMillis: options.window,
  hopMillis: options.hop,
  where: options.where,
  scale: options.scale,
  limit: options.limit,
  exactUpTo: options.exactUpTo,
  quantile: options.quantile,
  relativeError: options.relativeError,
  numerator: undefined,
  denominator: undefined,
  default: options.default,
  documentation: documentationOf(options),
});

/** Number of rows: int64. */
export const count = <TWhere extends Filter = never>(
  options: AggregateOptions<number | bigint, TWhere>,
): Formula<'count', ReadsOf<TWhere>> => formula('count', undefined, options);

type Scaled<TKind extends FormulaKind> = <const TColumn extends string, TWhere extends Filter = never>(
  column: TColumn,
  options: ScaledOptions<number, TWhere>,
) => Formula<TKind, Read<TColumn, TKind & ColumnAggregate> | ReadsOf<TWhere>>;

/** Exact sum: int64 of integers, float64 of floats and decimals. */
export const sum = <const TColumn extends string, TWhere extends Filter = never>(
  column: TColumn,
  options: ScaledOptions<number | bigint, TWhere>,
): Formula<'sum', Read<TColumn, 'sum'> | ReadsOf<TWhere>> => formula('sum', column, options);
/** Mean: float64. */
export const mean: Scaled<'mean'> = (column, options) => formula('mean', column, options);
/** Sample variance (n - 1): float64, null of fewer than two values. */
export const variance: Scaled<'variance'> = (column, options) => formula('variance', column, options);
/** Square root of the sample variance: float64. */
export const stddev: Scaled<'stddev'> = (column, options) => formula('stddev', column, options);

type Picked<TKind extends FormulaKind> = <const TColumn extends string, TWhere extends Filter = never>(
  column: TColumn,
  options: AggregateOptions<DefaultLiteral, TWhere>,
) => Formula<TKind, Read<TColumn, TKind & ColumnAggregate> | ReadsOf<TWhere>>;

/** Least value, in the column's type (float64 of decimals). */
export const min: Picked<'min'> = (column, options) => formula('min', column, options);
/** Greatest value, in the column's type (float64 of decimals). */
export const max: Picked<'max'> = (column, options) => formula('max', column, options);
/** Value of the earliest event; of equal times the least value. */
export const first: Picked<'first'> = (column, options) => formula('first', column, options);
/** Value of the latest event; of equal times the greatest value. */
export const last: Picked<'last'> = (column, options) => formula('last', column, options);

/** The last `limit` values by (event time, value), oldest first: a list of the column's type (float64 of decimals). Stream views only. */
export const lastN = <const TColumn extends string, TWhere extends Filter = never>(
  column: TColumn,
  options: LastOptions<TWhere>,
): Formula<'lastN', Read<TColumn, 'lastN'> | ReadsOf<TWhere>> => formula('lastN', column, options);

/** Quantile of the values by DDSketch: float64. Stream views only. */
export const approxQuantile = <const TColumn extends string, TWhere extends Filter = never>(
  column: TColumn,
  options: QuantileOptions<TWhere>,
): Formula<'approxQuantile', Read<TColumn, 'approxQuantile'> | ReadsOf<TWhere>> =>
  formula('approxQuantile', column, options);

/** Number of different values: int64. Exact in batch views; in stream views up to `exactUpTo` values, beyond it an estimate. */
export const distinct = <const TColumn extends string, TWhere extends Filter = never>(
  column: TColumn,
  options: DistinctOptions<TWhere>,
): Formula<'distinct', Read<TColumn, 'distinct'> | ReadsOf<TWhere>> => formula('distinct', column, options);

/** numerator / denominator in float64; null where the denominator's window is empty or its value is 0. */
export const ratio = <TNumerator extends Part, TDenominator extends Part>(
  numerator: TNumerator,
  denominator: TDenominator,
  options: FeatureOptions<number> = {},
): Formula<'ratio', ReadsOf<TNumerator> | ReadsOf<TDenominator>> => ({
  ...formula('ratio', undefined, options),
  numerator,
  denominator,
});
/** A part of a ratio is a number. */
type Part = Formula<Exclude<FormulaKind, 'ratio' | 'lastN'>>;

/** Type of the feature that a formula gives over a source column of type `TColumnType`. */
export type ResultType<TKind extends FormulaKind, TColumnType> = TKind extends 'count' | 'distinct'
  ? 'int64'
  : TKind extends 'mean' | 'variance' | 'stddev' | 'approxQuantile' | 'ratio'
    ? 'float64'
    : TKind extends 'sum'
      ? TColumnType extends 'int32' | 'int64'
        ? 'int64'
        : 'float64'
      : TKind extends 'lastN'
        ? ListOf<TColumnType>
        : TColumnType extends FeatureType
          ? TColumnType
          : 'float64';
type ListOf<TColumnType> = TColumnType extends ScalarType ? `list<${TColumnType}>` : 'list<float64>';
