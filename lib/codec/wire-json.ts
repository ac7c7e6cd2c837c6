import { parseInstant } from '#semantics/time.ts';
import { checkValue, isList, toFloat32 } from '#semantics/value.ts';
import { elementType, type FeatureType, isListType, type ScalarType, type Value } from '#spec/value-type.ts';
import { fromBase64, toBase64 } from './base64.ts';

/**
 * Values on the wire (HTTP bodies and their clients): int64 as a JSON number with all its digits or, on request, as a string; NaN and
 * infinities by name; timestamps as ISO 8601 `Z` with milliseconds; bytes as base64; lists as arrays.
 */
export interface WireOptions {
  /** @default 'number' */
  readonly int64?: 'number' | 'string';
}

const quotedDigits = (value: Value): string => `"${value}"`;
const numberText = (value: Value): string => (Number.isFinite(value) ? String(value) : `"${value}"`);

const scalarTexts: Record<ScalarType, (value: Value) => string> = {
  int32: String,
  int64: String,
  float32: numberText,
  float64: numberText,
  bool: String,
  string: (value) => JSON.stringify(value),
  timestamp: (value) => `"${new Date(Number(value)).toISOString()}"`,
  bytes: (value) => (value instanceof Uint8Array ? `"${toBase64(value)}"` : 'null'),
};

/**
 * A writer of one type's values as JSON text, made once per feature: `JSON.stringify` cannot write the digits of a bigint, and a body
 * is joined from such texts. The values must be of the type.
 */
export function wireWriter(type: FeatureType, options: WireOptions = {}): (value: Value) => string {
  const scalar = isListType(type) ? elementType(type) : (type as ScalarType); // not a list, so a scalar
  const text = scalar === 'int64' && options.int64 === 'string' ? quotedDigits : scalarTexts[scalar];
  const writeScalar = (value: Value): string => (value === null ? 'null' : text(value));
  return isListType(type) ? (value) => (isList(value) ? `[${value.map(writeScalar).join(',')}]` : 'null') : writeScalar;
}

/** JSON.parse tells revivers the digits of a number (ES2026, in Node from 22 on; the type library does not know it yet). */
type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Of at most 40 digits, as no type has more: a bigint of five million, which fit a body, takes seconds to read and to write. */
const wholeNumber = /^-?\d{1,40}$/;

const exactIntegers: SourceReviver = (_key, value, context) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && wholeNumber.test(context.source ?? '')
    ? BigInt(context.source ?? '')
    : value;

/**
 * JSON.parse that keeps whole numbers beyond 2^53 as bigint (up to 40 digits), so that an int64 key or field survives with all its
 * digits. Throws a SyntaxError as JSON.parse does, also for what is nested deeper than a reviver can follow (some thousand levels).
 */
export function parseWireJson(text: string): unknown {
  // A reviver walks the whole document: only a text that holds a long run of digits needs one.
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, exactIntegers as (key: string, value: unknown) => unknown);
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError('it is nested too deeply', { cause: error }) : error;
  }
}

/** A value read from the wire, or what is wrong with it: `must be ..., got ...`, to follow the field's name. */
export type WireReading = { readonly value: Value } | { readonly problem: string };

const specialFloats = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);
const fromFloat = (json: unknown): unknown => {
  if (typeof json === 'string') return specialFloats.get(json) ?? json;
  const float = typeof json === 'bigint' ? Number(json) : json;
  // What float64 cannot hold (1e999) is parsed as an infinity, and is refused: it must not pass for one.
  return float === Number.POSITIVE_INFINITY || float === Number.NEGATIVE_INFINITY ? 'beyond float64' : float;
};

/** JSON of another shape passes unchanged: checkValue then says what is wrong with it. */
const fromWire: Partial<Record<ScalarType, (json: unknown) => unknown>> = {
  int64: (json) => {
    if (typeof json === 'number' && Number.isSafeInteger(json)) return BigInt(json);
    return typeof json === 'string' && /^-?\d{1,19}$/.test(json) ? BigInt(json) : json;
  },
  float64: fromFloat,
  float32: (json) => {
    const float = fromFloat(json);
    if (typeof float !== 'number') return float;
    const rounded = toFloat32(float);
    // A finite number that float32 cannot hold stays as it is, and is refused: it must not turn into an infinity.
    return Number.isFinite(float) && !Number.isFinite(rounded) ? json : rounded;
  },
  timestamp: (json) => (typeof json === 'string' ? parseInstant(json) : json),
  bytes: (json) => (typeof json === 'string' ? (fromBase64(json) ?? json) : json),
};

const wanted: Partial<Record<ScalarType, string>> = {
  int64: 'must be a whole number in -2^63..2^63-1 (a JSON number or its digits as a string)',
  float32: "must be a number within the range of float32 (3.4e38), 'NaN', 'Infinity' or '-Infinity'",
  float64: "must be a number within the range of float64 (1.8e308), 'NaN', 'Infinity' or '-Infinity'",
  timestamp: 'must be ISO 8601 with an offset, as 2026-11-21T10:00:00Z, or whole epoch milliseconds',
  bytes: 'must be base64 with padding',
};

const shownJson = (json: unknown): string => {
  const text = typeof json === 'bigint' ? json.toString() : textOf(json);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
};

function textOf(json: unknown): string {
  const digits = (_: string, member: unknown): unknown => (typeof member === 'bigint' ? member.toString() : member);
  if (typeof json === 'number') return String(json);
  try {
    return JSON.stringify(json, digits) ?? 'nothing';
  } catch {
    return 'something nested too deeply'; // beyond the stack
  }
}

function readScalar(type: ScalarType, json: unknown): WireReading {
  try {
    const value = fromWire[type]?.(json) ?? json ?? null;
    const problem = checkValue(type, value);
    if (problem === undefined) return { value: value as Value }; // just checked
    return { problem: wanted[type] ? `${wanted[type]}, got ${shownJson(json)}` : problem };
  } catch (error) {
    return { problem: error instanceof Error ? `has an ${error.message}` : 'cannot be read' };
  }
}

/**
 * Reads a JSON value (of parseWireJson) as a value of `type`. int64 also takes its digits as a string, floats the names of special
 * values, timestamps ISO 8601 with an offset or epoch milliseconds; float32 is rounded. Null and undefined are null.
 */
export function readWireValue(type: FeatureType, json: unknown): WireReading {
  if (json === null || json === undefined) return { value: null };
  if (!isListType(type)) return readScalar(type as ScalarType, json); // not a list, so a scalar
  if (!Array.isArray(json)) return { problem: `must be a list, got ${shownJson(json)}` };
  const values: Exclude<Value, readonly unknown[]>[] = [];
  for (const [index, item] of json.entries()) {
    const reading = readWireValue(elementType(type), item);
    if ('problem' in reading) return { problem: `item ${index} ${reading.problem}` };
    if (!isList(reading.value)) values.push(reading.value);
  }
  return { value: values };
}
