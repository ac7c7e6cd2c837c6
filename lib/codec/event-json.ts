import { dayMillis, formatInstant, isInstant, parseInstant } from '#semantics/time.ts';
import { checkValue } from '#semantics/value.ts';
import type { Column, StreamSource } from '#spec/manifest.ts';
import { type ColumnType, decimalParts, type FeatureType, type Value } from '#spec/value-type.ts';
import { utf8Text } from './utf8.ts';
import { parseWireJson, readWireValue, type WireReading, wireWriter } from './wire-json.ts';

/** Values of an event by column of the source's schema, in its order; a column that the event does not have is null. */
export type EventRow = Readonly<Record<string, Value>>;

/** `notJson`: no JSON object in UTF-8. `wrongType`: a field is no value of its column; `detail` names it. */
export type EventReading =
  | { readonly kind: 'row'; readonly row: EventRow }
  | { readonly kind: 'unreadable'; readonly reason: 'notJson' | 'wrongType'; readonly detail: string };

/** What of a source its events' JSON depends on. */
type EventSchema = Pick<StreamSource, 'schema'>;

/**
 * Objects and lists inside each other that an event may have, far below what JSON.parse and its reviver bear on any stack: whether a record
 * can be read must not depend on who reads it.
 */
const maximumDepth = 100;

const notJson = (detail: string): EventReading => ({ kind: 'unreadable', reason: 'notJson', detail });

/**
 * Reader of events as they lie in the stream: UTF-8 JSON objects with the schema's columns as fields, values as in the HTTP API (int64 as
 * a number with all digits or as its digits in a string, timestamps ISO 8601 with an offset or epoch milliseconds, bytes as
 * base64, NaN and infinities by name), decimals as strings, dates as yyyy-MM-dd. A missing field is null, an unknown one is ignored. Never throws.
 */
export function eventReader(source: EventSchema): (data: Uint8Array) => EventReading {
  const readFields = eventFieldsReader(source);
  return (data) => {
    const parsed = parseObject(data);
    return typeof parsed === 'string' ? notJson(parsed) : readFields(parsed);
  };
}

/** The JSON object in the bytes, or what is wrong with them. */
function parseObject(data: Uint8Array): Readonly<Record<string, unknown>> | string {
  let text: string;
  try {
    text = utf8Text(data);
  } catch {
    return `must be a JSON object in UTF-8, got ${data.length} bytes that are not UTF-8`;
  }
  if (text.length > 2 * maximumDepth && depthExceeds(text, maximumDepth))
    return `must not nest deeper than ${maximumDepth} levels`;
  try {
    const parsed = parseWireJson(text);
    if (isObject(parsed)) return parsed;
    return `must be a JSON object, got ${Array.isArray(parsed) ? 'a list' : parsed === null ? 'null' : `a ${typeof parsed}`}`;
  } catch (error) {
    return `must be a JSON object: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Counts brackets outside of strings. */
function depthExceeds(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (isInString) {
      if (unit === 0x5c) index++;
      else if (unit === 0x22) isInString = false;
    } else if (unit === 0x22) isInString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > limit) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
}

/** As eventReader, of fields that have been parsed already (by parseWireJson, which keeps every digit). */
export function eventFieldsReader(source: EventSchema): (fields: Readonly<Record<string, unknown>>) => EventReading {
  const columns = source.schema.map(({ name, type }) => ({ name, read: fieldReader(type) }));
  return (fields) => {
    const row: Record<string, Value> = {};
    for (const { name, read } of columns) {
      const reading = Object.hasOwn(fields, name) ? read(fields[name]) : { value: null };
      if ('problem' in reading)
        return { kind: 'unreadable', reason: 'wrongType', detail: `field ${name} ${reading.problem}` };
      row[name] = reading.value;
    }
    return { kind: 'row', row };
  };
}

/** Fields that the schema does not have, in the event's order: ignored on the stream, refused where events are pushed. */
export function unknownFields(source: EventSchema, fields: Readonly<Record<string, unknown>>): string[] {
  const known = new Set(source.schema.map(({ name }) => name));
  return Object.keys(fields).filter((name) => !known.has(name));
}

function fieldReader(type: ColumnType): (json: unknown) => WireReading {
  const decimal = decimalParts(type);
  if (decimal) return (json) => readDecimal(json, type, decimal.scale);
  if (type === 'date') return readDate;
  return (json) => readWireValue(type as FeatureType, json); // the other column types are feature types
}

const shown = (json: unknown): string =>
  typeof json === 'string'
    ? JSON.stringify(json.slice(0, 60))
    : isObject(json)
      ? 'an object'
      : String(json).slice(0, 60);

/** Whole numbers may come as JSON numbers; fractions only as text, for a parsed number has lost its digits. */
function readDecimal(json: unknown, type: ColumnType, scale: number): WireReading {
  if (json === null || json === undefined) return { value: null };
  const isWhole = typeof json === 'bigint' || Number.isSafeInteger(json);
  const match = /^(-?)(\d{1,38})(?:\.(\d{1,38}))?$/.exec(typeof json === 'string' || isWhole ? String(json) : '');
  const [, sign = '', whole = '', fraction = ''] = match ?? [];
  const digits = fraction.replace(/0+$/, '');
  if (match && digits.length <= scale) {
    const value = BigInt(`${sign}${whole}${digits.padEnd(scale, '0')}`);
    if (checkValue(type, value) === undefined) return { value };
  }
  return { problem: `must be the digits of a ${type} as a string, got ${shown(json)}` };
}

function readDate(json: unknown): WireReading {
  if (json === null || json === undefined) return { value: null };
  try {
    if (typeof json === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(json))
      return { value: parseInstant(`${json}T00:00:00Z`) / dayMillis };
  } catch {
    // a day that does not exist
  }
  return { problem: `must be a day as "2026-11-21", got ${shown(json)}` };
}

/**
 * The JSON text of a row, one for equal rows: columns by name, nulls left out, so that a column that the schema gains later changes no
 * text. Throws a RangeError for a date outside years 0001..9999.
 */
export function eventJson(source: EventSchema, row: EventRow): string {
  const members: string[] = [];
  for (const { name, write } of writersOf(source)) {
    const value = row[name] ?? null;
    if (value !== null) members.push(`"${name}":${write(value)}`);
  }
  return `{${members.join(',')}}`;
}

interface FieldWriter {
  readonly name: string;
  readonly write: (value: Value) => string;
}

const cachedWriters = new WeakMap<readonly Column[], readonly FieldWriter[]>();

/** Made once per schema: an event is written for every record that a deduplicating source gets. */
function writersOf({ schema }: EventSchema): readonly FieldWriter[] {
  const cached = cachedWriters.get(schema);
  if (cached) return cached;
  const writers = schema
    .map(({ name, type }) => ({ name, write: fieldWriter(type) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  cachedWriters.set(schema, writers);
  return writers;
}

function fieldWriter(type: ColumnType): (value: Value) => string {
  const decimal = decimalParts(type);
  if (decimal) return (value) => `"${decimalText(value, decimal.scale)}"`;
  if (type === 'date') return (value) => `"${dateText(Number(value))}"`;
  return wireWriter(type as FeatureType); // the other column types are feature types
}

/** Digits of a scaled bigint with exactly `scale` of them after the point. */
export function decimalText(value: Value, scale: number): string {
  const text = String(value);
  const [sign, digits] = text.startsWith('-') ? ['-', text.slice(1)] : ['', text];
  if (scale === 0) return `${sign}${digits}`;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function dateText(days: number): string {
  if (!isInstant(days * dayMillis)) throw new RangeError(`day ${days} lies outside years 0001..9999`);
  return formatInstant(days * dayMillis).slice(0, 10);
}
