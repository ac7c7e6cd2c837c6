import { isList } from '#semantics/value.ts';
import type { JsonValue } from '#spec/json-value.ts';
import {
  elementType,
  type FeatureType,
  isFloatType,
  isListType,
  type ScalarType,
  type Value,
} from '#spec/value-type.ts';
import { fromBase64, toBase64 } from './base64.ts';

type ScalarJson = string | number | boolean | null;

function scalarToJson(value: Value): ScalarJson {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return toBase64(value);
  if (isList(value)) throw new TypeError('a list inside a list has no JSON form');
  return value;
}

/**
 * The JSON form of a value: int64 as a decimal string, NaN and infinities by name, timestamps as epoch milliseconds, bytes as
 * base64, lists as arrays. -0 becomes 0 (JSON.stringify writes both alike, and -0 is read as 0 in every comparison).
 */
export const toJsonValue = (value: Value): JsonValue => (isList(value) ? value.map(scalarToJson) : scalarToJson(value));

const specialFloats: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
const isSpecialFloat = (text: string): boolean => Object.hasOwn(specialFloats, text);

/** Reads one JSON form back; `undefined` where the JSON is no form of the type. */
type FromJson = (json: JsonValue) => Value | undefined;

const floatFromJson: FromJson = (json) =>
  typeof json === 'number' ? json : typeof json === 'string' && isSpecialFloat(json) ? specialFloats[json] : undefined;
const same =
  (type: 'number' | 'string' | 'boolean'): FromJson =>
  // A list is an object, so only scalars have these types.
  (json) =>
    typeof json === type ? (json as Value) : undefined;

const scalarReaders: Record<ScalarType, FromJson> = {
  int32: same('number'),
  timestamp: same('number'),
  float32: floatFromJson,
  float64: floatFromJson,
  int64: (json) => (typeof json === 'string' && /^-?\d{1,19}$/.test(json) ? BigInt(json) : undefined),
  string: same('string'),
  bool: same('boolean'),
  bytes: (json) => (typeof json === 'string' ? fromBase64(json) : undefined),
};

/** True where the JSON form of every value is the value itself, but for special floats. */
const isPlain = (type: FeatureType): boolean => !isListType(type) && type !== 'int64' && type !== 'bytes';

const mismatch = (type: FeatureType, json: JsonValue): TypeError =>
  new TypeError(`${JSON.stringify(json)} is not the JSON form of ${type}`);

/**
 * A reader of the JSON form of one type, made once per feature. It trusts what our own writers stored: int32 and timestamps are
 * not range-checked (checkValue does). Throws a TypeError for JSON of another shape.
 */
export function jsonValueReader(type: FeatureType): (json: JsonValue) => Value {
  const read = scalarReaders[isListType(type) ? elementType(type) : (type as ScalarType)]; // not a list, so a scalar
  const readScalar = (json: JsonValue): Exclude<Value, readonly unknown[]> => {
    if (json === null) return null;
    const value = read(json);
    if (value === undefined || isList(value)) throw mismatch(type, json);
    return value;
  };
  if (!isListType(type)) return readScalar;
  return (json) => {
    if (json === null) return null;
    if (!Array.isArray(json)) throw mismatch(type, json);
    return json.map(readScalar);
  };
}

/**
 * As jsonValueReader, or undefined where stored JSON of the type needs no conversion at all: the fast path of packed rows, in which
 * most features are numbers, texts and bools. Floats need it only where the JSON is a string (see rowDecoder).
 */
export function packedValueReader(type: FeatureType): ((json: JsonValue) => Value) | undefined {
  return isPlain(type) && !isFloatType(type) ? undefined : jsonValueReader(type);
}
