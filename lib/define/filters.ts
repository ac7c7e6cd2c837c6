import type { CarriesReads, Read, ReadsOf } from './reads.ts';

/** Compared with int32, float32, float64 and decimal: a number; int64: a number or bigint; timestamp: epoch milliseconds or ISO text with offset; date: yyyy-MM-dd. */
export type FilterLiteral = number | bigint | string | boolean;

/** What a filter says, before its column's type is known. */
export type FilterNode =
  | {
      readonly op: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
      readonly column: string;
      readonly value: FilterLiteral;
    }
  | { readonly op: 'in'; readonly column: string; readonly values: readonly FilterLiteral[] }
  | { readonly op: 'isNull' | 'isNotNull'; readonly column: string }
  | { readonly op: 'and' | 'or'; readonly of: readonly FilterNode[] }
  | { readonly op: 'not'; readonly of: FilterNode };

/** A condition on a source's row with SQL's three-valued logic: only rows for which it is true count. */
export interface Filter<TReads extends Read = Read> extends CarriesReads<TReads> {
  readonly node: FilterNode;
}

type LiteralUse<TLiteral extends FilterLiteral> = TLiteral extends string
  ? 'a comparison with a string'
  : TLiteral extends number
    ? 'a comparison with a number'
    : TLiteral extends bigint
      ? 'a comparison with a bigint'
      : 'a comparison with a boolean';
type Comparison<TColumn extends string, TLiteral extends FilterLiteral> = Filter<Read<TColumn, LiteralUse<TLiteral>>>;
type Compare = <const TColumn extends string, const TLiteral extends FilterLiteral>(
  column: TColumn,
  value: TLiteral,
) => Comparison<TColumn, TLiteral>;

export const eq: Compare = (column, value) => ({ node: { op: 'eq', column, value } });
/** Not equal; not true for null. */
export const ne: Compare = (column, value) => ({ node: { op: 'ne', column, value } });
export const lt: Compare = (column, value) => ({ node: { op: 'lt', column, value } });
export const le: Compare = (column, value) => ({ node: { op: 'le', column, value } });
export const gt: Compare = (column, value) => ({ node: { op: 'gt', column, value } });
export const ge: Compare = (column, value) => ({ node: { op: 'ge', column, value } });

/** True where the column equals one of the values. */
export const oneOf = <const TColumn extends string, const TLiteral extends FilterLiteral>(
  column: TColumn,
  values: readonly TLiteral[],
): Comparison<TColumn, TLiteral> => ({ node: { op: 'in', column, values } });

export const isNull = <const TColumn extends string>(column: TColumn): Filter<Read<TColumn, 'a test for null'>> => ({
  node: { op: 'isNull', column },
});
export const isNotNull = <const TColumn extends string>(column: TColumn): Filter<Read<TColumn, 'a test for null'>> => ({
  node: { op: 'isNotNull', column },
});

export const and = <TFilters extends readonly Filter[]>(...filters: TFilters): Filter<ReadsOf<TFilters[number]>> => ({
  node: { op: 'and', of: filters.map((filter) => filter.node) },
});
export const or = <TFilters extends readonly Filter[]>(...filters: TFilters): Filter<ReadsOf<TFilters[number]>> => ({
  node: { op: 'or', of: filters.map((filter) => filter.node) },
});
/** Null stays null: `not(eq('status', 'paid'))` is not true for a null status. */
export const not = <TReads extends Read>(filter: Filter<TReads>): Filter<TReads> => ({
  node: { op: 'not', of: filter.node },
});
