import type { Names, Refuse } from './definition-error.ts';
import type { RowSource } from './row-source.ts';

/** Column types that a use of a column can take, as a union of type names. `decimal(` stands for every decimal. */
export interface AllowedTypes {
  sum: NumberType;
  mean: NumberType;
  variance: NumberType;
  stddev: NumberType;
  min: NumberType | 'timestamp' | 'string';
  max: NumberType | 'timestamp' | 'string';
  first: NumberType | 'timestamp' | 'string' | 'bool' | 'bytes';
  last: NumberType | 'timestamp' | 'string' | 'bool' | 'bytes';
  lastN: NumberType | 'timestamp' | 'string' | 'bool' | 'bytes';
  distinct: NumberType | 'timestamp' | 'string' | 'bool' | 'bytes' | 'date';
  approxQuantile: NumberType;
  'a comparison with a number': NumberType | 'timestamp';
  'a comparison with a bigint': 'int64' | 'int32' | DecimalType;
  'a comparison with a string': 'string' | 'timestamp' | 'date' | DecimalType;
  'a comparison with a boolean': 'bool';
  'a test for null': string;
}
type DecimalType = `decimal(${number},${number})`;
type NumberType = 'int32' | 'int64' | 'float32' | 'float64' | DecimalType;
export type ColumnUse = keyof AllowedTypes;

/** One use of a column by a formula or a filter. Exists in types only. */
export interface Read<TColumn extends string = string, TUse extends ColumnUse = ColumnUse> {
  readonly column: TColumn;
  readonly use: TUse;
}

declare const carriedReads: unique symbol;
/** Something that reads columns. The member exists in types only: the source is not known yet where it is written. */
export interface CarriesReads<TReads extends Read = Read> {
  readonly [carriedReads]?: TReads | undefined;
}

/** Reads of a filter or a formula; never for one that reads nothing. */
export type ReadsOf<TCarrier> = TCarrier extends { readonly [carriedReads]?: infer TReads }
  ? Exclude<TReads, undefined>
  : never;

type ReadProblem<TRead, TSource extends RowSource> =
  TRead extends Read<infer TColumn, infer TUse>
    ? TColumn extends keyof TSource['schema']
      ? TSource['schema'][TColumn]['type'] extends AllowedTypes[TUse]
        ? never
        : `column "${TColumn}" of source "${TSource['name']}" is ${TSource['schema'][TColumn]['type']}, and ${TUse} takes ${Names<TypeNames<AllowedTypes[TUse]>>}`
      : `column "${TColumn}" is not in source "${TSource['name']}"; it has ${Names<keyof TSource['schema']>}`
    : never;
type TypeNames<TTypes> = Exclude<TTypes, DecimalType> | (DecimalType extends TTypes ? 'decimal' : never);

/** A sentence for each read that the source cannot satisfy; `unknown` where it satisfies all, or its columns are not known. */
export type RefuseReads<
  TCarrier extends CarriesReads,
  TSource extends RowSource,
> = string extends keyof TSource['schema'] ? unknown : Refuse<ReadProblem<ReadsOf<TCarrier>, TSource>>;
