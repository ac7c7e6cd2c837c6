import type { ColumnType, FeatureType, ScalarType } from '#spec/value-type.ts';

/** The type of a source column, an entity key, a request field or an on-demand output. */
export interface Typed<TType extends ColumnType = ColumnType> {
  readonly type: TType;
}
/** Columns of a source, or fields of a request, by name. */
export type Schema = Readonly<Record<string, Typed>>;
/** Types by feature name. */
export type FeatureTypes = Readonly<Record<string, FeatureType>>;

export const int32 = (): Typed<'int32'> => ({ type: 'int32' });
/** 64-bit integer: a bigint in transforms, exact beyond 2^53. */
export const int64 = (): Typed<'int64'> => ({ type: 'int64' });
export const float32 = (): Typed<'float32'> => ({ type: 'float32' });
export const float64 = (): Typed<'float64'> => ({ type: 'float64' });
export const string = (): Typed<'string'> => ({ type: 'string' });
export const bool = (): Typed<'bool'> => ({ type: 'bool' });
/** An instant in UTC: epoch milliseconds in transforms. */
export const timestamp = (): Typed<'timestamp'> => ({ type: 'timestamp' });
export const bytes = (): Typed<'bytes'> => ({ type: 'bytes' });

/** A list of scalars; elements may be null. */
export const list = <TType extends ScalarType>(element: Typed<TType>): Typed<`list<${TType}>`> => ({
  type: `list<${element.type}>`,
});

/** Source columns only: aggregates read it, features hold float64. 1 <= precision <= 38, 0 <= scale <= precision. */
export const decimal = <const TPrecision extends number, const TScale extends number>(
  precision: TPrecision,
  scale: TScale,
): Typed<`decimal(${TPrecision},${TScale})`> => ({ type: `decimal(${precision},${scale})` });

/** Source columns only: a day without time. */
export const date = (): Typed<'date'> => ({ type: 'date' });

interface ScalarValues {
  int32: number;
  int64: bigint;
  float32: number;
  float64: number;
  string: string;
  bool: boolean;
  timestamp: number;
  bytes: Uint8Array;
}
/** What a feature of this type is in TypeScript; any value may be null besides. */
export type ValueOf<TType extends FeatureType> = TType extends ScalarType
  ? ScalarValues[TType]
  : TType extends `list<${infer TElement extends ScalarType}>`
    ? readonly (ScalarValues[TElement] | null)[]
    : never;
