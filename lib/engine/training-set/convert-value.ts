import { parseInstant } from '#semantics/time.ts';
import { isInt32, toFloat32 } from '#semantics/value.ts';
import { TidemarkError } from '#spec/errors.ts';
import {
  type ColumnType,
  elementType,
  type FeatureType,
  isFloatType,
  isIntegerType,
  isListType,
  type Value,
} from '#spec/value-type.ts';

/** Makes a value of the declared type from a non-null one of the column's type; throws a RangeError where it has none. */
export type Convert = (value: NonNullable<Value>) => NonNullable<Value>;

const same: Convert = (value) => value;

const toInt32: Convert = (value) => {
  const number = Number(value);
  if (!isInt32(number)) throw new RangeError('is beyond the range of int32');
  return number;
};

const toFloat: Convert = (value) => {
  if (typeof value === 'bigint' && BigInt(Number(value)) !== value)
    throw new RangeError('is an integer that no float holds exactly');
  return Number(value);
};

const textToInstant: Convert = (value) => {
  try {
    return parseInstant(String(value));
  } catch (error) {
    if (error instanceof TidemarkError) throw new RangeError(`is no instant: ${error.message}`, { cause: error });
    throw error;
  }
};

/**
 * How values of a spine column of type `column` are read where `declared` is needed: int32 and int64 both ways (range checked),
 * integers as floats (exact ones only), float64 rounded to float32, ISO texts with an offset as timestamps. Undefined: it cannot be.
 */
export function converter(column: ColumnType, declared: FeatureType): Convert | undefined {
  if (column === declared) return same;
  if (isListType(declared))
    return isListType(column) ? listConverter(elementType(column), elementType(declared)) : undefined;
  if (declared === 'int64' && column === 'int32') return (value) => BigInt(Number(value));
  if (declared === 'int32' && column === 'int64') return toInt32;
  if (declared === 'float64' && column === 'float32') return same;
  if (declared === 'float64' && isIntegerType(column)) return toFloat;
  if (declared === 'float32' && (isFloatType(column) || isIntegerType(column)))
    return (value) => toFloat32(Number(toFloat(value)));
  if (declared === 'timestamp' && column === 'string') return textToInstant;
  return undefined;
}

function listConverter(column: ColumnType, declared: FeatureType): Convert | undefined {
  const convert = converter(column, declared);
  if (!convert) return undefined;
  return (value) => {
    if (!Array.isArray(value)) throw new RangeError('is not a list');
    // elements of a list are scalars, and so is what they convert to
    return value.map((element) => (element === null ? null : convert(element))) as NonNullable<Value>;
  };
}
