import * as z from 'zod/mini';

/** Types that a feature or an entity key may have. */
export const scalarTypes = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes'] as const;
export type ScalarType = (typeof scalarTypes)[number];
export type FeatureType = ScalarType | `list<${ScalarType}>`;
/** Types of source columns: feature types plus those that only aggregates may read. */
export type ColumnType = FeatureType | 'date' | `decimal(${number},${number})`;

const scalar = scalarTypes.join('|');
const featureTypePattern = new RegExp(`^(?:(?:${scalar})|list<(?:${scalar})>)$`);
const decimalPattern = /^decimal\((\d{1,2}),(\d{1,2})\)$/;

export const isFeatureType = (type: string): type is FeatureType => featureTypePattern.test(type);
export const isListType = (type: string): type is `list<${ScalarType}>` => type.startsWith('list<');
export const isIntegerType = (type: string): type is 'int32' | 'int64' => type === 'int32' || type === 'int64';
export const isFloatType = (type: string): type is 'float32' | 'float64' => type === 'float32' || type === 'float64';

/** Element type of a list type. */
export const elementType = (type: `list<${ScalarType}>`): ScalarType => type.slice(5, -1) as ScalarType; // the pattern holds one scalar

/** Precision and scale of `decimal(p,s)`, or undefined for any other type; 1 <= p <= 38, 0 <= s <= p. */
export function decimalParts(type: string): { precision: number; scale: number } | undefined {
  const match = decimalPattern.exec(type);
  if (!match) return undefined;
  const [precision, scale] = [Number(match[1]), Number(match[2])];
  return precision >= 1 && precision <= 38 && scale <= precision ? { precision, scale } : undefined;
}

export const isColumnType = (type: string): type is ColumnType =>
  isFeatureType(type) || type === 'date' || decimalParts(type) !== undefined;

export const featureTypeSchema = z.custom<FeatureType>((type) => typeof type === 'string' && isFeatureType(type));
export const scalarTypeSchema = z.enum(scalarTypes);
export const columnTypeSchema = z.custom<ColumnType>((type) => typeof type === 'string' && isColumnType(type));

/**
 * A feature or key value in memory, by type: int32, float32, float64 number (NaN and infinities legal for floats);
 * int64 bigint; timestamp number of epoch milliseconds; bytes Uint8Array; lists arrays (elements may be null); null is a value.
 */
export type ScalarValue = number | bigint | string | boolean | Uint8Array;
export type Value = ScalarValue | null | readonly (ScalarValue | null)[];
