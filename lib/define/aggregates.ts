import type { ColumnAggregate } from '#spec/aggregation.ts';
import type { FeatureType } from '#spec/value-type.ts';
import { type Documentation, documentationOf } from './definition.ts';
import type { Filter } from './filters.ts';
import type { CarriesReads, Read, ReadsOf } from './reads.ts';

export type FormulaKind = ColumnAggregate | 'count' | 'ratio';

/** A default as written: an int64 may be a number. */
export type DefaultLiteral = number | bigint | string | boolean | Uint8Array | readonly DefaultElement[];
type DefaultElement = number | bigint | string | boolean | Uint8Array | null;

/** How one feature of a batch view is computed. Which columns it reads is checked where the view names its source. */
export interface Formula<TKind extends FormulaKind = FormulaKind, TReads extends Read = Read>
  extends CarriesReads<TReads> {
  readonly kind: TKind;
  readonly column: string | undefined;
  readonly windowMillis: number | undefined;
  readonly where: Filter | undefined;
  readonly scale: number | undefined;
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
  /** Only rows for which it is true count. */
  readonly where?: TWhere;
}
interface ScaledOptions<TDefault extends DefaultLiteral, TWhere extends Filter>
  extends AggregateOptions<TDefault, TWhere> {
  /** Floats only: decimal digits that are kept in exact sums, 0 to 12. @default 6 */
  readonly scale?: number;
}
interface AnyOptions extends FeatureOptions<DefaultLiteral> {
  readonly window?: number;
  readonly where?: Filter;
  readonly scale?: number;
}

const formula = <TKind extends FormulaKind>(kind: TKind, column: string | undefined, options: AnyOptions) => ({
  kind,
  column,
  windowMillis: options.window,
  where: options.where,
  scale: options.scale,
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

/** Exact number of different values: int64. */
export const distinct = <const TColumn extends string, TWhere extends Filter = never>(
  column: TColumn,
  options: AggregateOptions<number | bigint, TWhere>,
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
type Part = Formula<'count' | 'sum' | 'mean' | 'min' | 'max' | 'variance' | 'stddev' | 'first' | 'last' | 'distinct'>;

/** Type of the feature that a formula gives over a source column of type `TColumnType`. */
export type ResultType<TKind extends FormulaKind, TColumnType> = TKind extends 'count' | 'distinct'
  ? 'int64'
  : TKind extends 'mean' | 'variance' | 'stddev' | 'ratio'
    ? 'float64'
    : TKind extends 'sum'
      ? TColumnType extends 'int32' | 'int64'
        ? 'int64'
        : 'float64'
      : TColumnType extends FeatureType
        ? TColumnType
        : 'float64';
