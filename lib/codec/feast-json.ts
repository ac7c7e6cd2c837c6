import { parseInstant } from '#semantics/time.ts';
import { checkValue, isList } from '#semantics/value.ts';
import {
  elementType,
  type FeatureType,
  isIntegerType,
  isListType,
  type ScalarType,
  type Value,
} from '#spec/value-type.ts';
import { toBase64 } from './base64.ts';
import { readWireValue, type WireReading } from './wire-json.ts';

/**
 * Values as Feast's own server writes and reads them (0.67.0). Its clients have no schema: a float is told from an integer by its point, so
 * that whole floats are `2.0`. Timestamps are whole epoch seconds, the rest as in wire-json.
 */
const floatText = (value: Value): string => {
  if (!Number.isFinite(value)) return `"${value}"`;
  const text = String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
};

const scalarTexts: Record<ScalarType, (value: Value) => string> = {
  int32: String,
  int64: String,
  float32: floatText,
  float64: floatText,
  bool: String,
  string: (value) => JSON.stringify(value),
  timestamp: (value) => String(Math.floor(Number(value) / 1000)),
  bytes: (value) => (value instanceof Uint8Array ? `"${toBase64(value)}"` : 'null'),
};

/** A writer of one type's values as JSON text, made once per feature. The values must be of the type. */
export function feastWriter(type: FeatureType): (value: Value) => string {
  const text = scalarTexts[isListType(type) ? elementType(type) : (type as ScalarType)]; // not a list, so a scalar
  const writeScalar = (value: Value): string => (value === null ? 'null' : text(value));
  return isListType(type) ? (value) => (isList(value) ? `[${value.map(writeScalar).join(',')}]` : 'null') : writeScalar;
}

/** An event time as Feast writes it: RFC 3339, milliseconds only where there are some. */
export function feastInstant(millis: number): string {
  const text = new Date(millis).toISOString();
  return millis % 1000 === 0 ? `${text.slice(0, 19)}Z` : text;
}

/** Where there is no event time. */
export const noFeastInstant = '1970-01-01T00:00:00Z';

/** Feast's SDK writes a timestamp that is null as the least int64. */
const nullTimestamp = -(2n ** 63n);
const withoutZone = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/;

/** ISO 8601, in UTC where it names no zone, or epoch seconds. */
function readTimestamp(json: unknown): WireReading {
  if (json === nullTimestamp || json === Number(nullTimestamp)) return { value: null };
  if (typeof json === 'number') return checked('timestamp', Math.ceil(Math.round(json * 1e6) / 1000), json); // a float of seconds holds microseconds
  if (typeof json !== 'string') return readWireValue('timestamp', json);
  const text = json.trim();
  const zoned = withoutZone.test(text) ? `${text.length === 10 ? `${text}T00:00` : text}Z` : text;
  try {
    return { value: parseInstant(zoned) };
  } catch {
    return { problem: `must be ISO 8601 or epoch seconds, got ${JSON.stringify(json.slice(0, 60))}` };
  }
}

const checked = (type: ScalarType, value: number, json: unknown): WireReading =>
  checkValue(type, value) === undefined ? { value } : { problem: `must be a ${type}, got ${String(json)}` };

/** Reads a JSON value (of parseWireJson) of a Feast request as a value of `type`. Null and undefined are null. */
export function readFeastValue(type: FeatureType, json: unknown): WireReading {
  if (json === null || json === undefined) return { value: null };
  if (type === 'timestamp') return readTimestamp(json);
  if (type !== 'list<timestamp>' || !Array.isArray(json)) return readWireValue(type, json);
  const values: (number | null)[] = [];
  for (const [index, item] of json.entries()) {
    const reading = readFeastValue('timestamp', item);
    if ('problem' in reading) return { problem: `item ${index} ${reading.problem}` };
    values.push(typeof reading.value === 'number' ? reading.value : null);
  }
  return { value: values };
}

/**
 * Reads a key as Feast does, which turns what it gets into the key's type: digits in a text and bools into integers, integers into texts.
 * A fraction is refused where Feast cuts it off.
 */
export function readFeastKey(type: ScalarType, json: unknown): WireReading {
  if (isIntegerType(type)) return readWireValue(type, integerOf(json));
  if (type === 'string' && isWhole(json)) return { value: String(json) };
  return readFeastValue(type, json);
}

const isWhole = (json: unknown): boolean => typeof json === 'bigint' || Number.isSafeInteger(json);

function integerOf(json: unknown): unknown {
  if (typeof json === 'boolean') return Number(json);
  if (typeof json !== 'string' || !/^\s*[+-]?\d{1,19}\s*$/.test(json)) return json;
  const digits = BigInt(json.trim().replace(/^\+/, ''));
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : digits;
}
