import type { SchemaElement } from 'hyparquet';
import { dayMillis, formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { decimalParts, isFloatType, isIntegerType } from '#spec/value-type.ts';
import { toBase64 } from './base64.ts';
import { decimalText } from './event-json.ts';
import type { RawColumn } from './parquet-read.ts';
import { columnType, leafType, listItem, timestampUnit, writtenElements } from './parquet-schema.ts';
import { parquetValueReader, type RawScalar, type RawValue, rawValueWriter } from './parquet-value.ts';
import type { TypedColumn } from './parquet-write.ts';
import { utf8Bytes, utf8Text } from './utf8.ts';

/** Rows that are put together before they become bytes. */
const blockRows = 10_000;

type CellText = (raw: Exclude<RawScalar, null>) => string;

/**
 * Bytes of a CSV file (RFC 4180: commas, CRLF, UTF-8, a header): nothing between two commas is null, `""` an empty text; texts are quoted
 * only where they must be. Numbers have all their digits and floats the fewest that give the same float64 again; NaN, Infinity, -Infinity; true, false; timestamps
 * ISO 8601 `Z` in the unit of their column; dates yyyy-MM-dd; bytes base64; lists as JSON. The same columns give the same bytes.
 * Throws codec.noCsvColumn for types that have no text here, and for times beyond years 0001..9999.
 */
export function writeCsv(columns: readonly (TypedColumn | RawColumn)[]): Uint8Array {
  const cells = columns.map((column) => {
    const raw = 'type' in column ? rawColumn(column) : column;
    return { values: raw.values, text: textOf(raw) };
  });
  const blocks = [utf8Bytes(line(columns.map(({ name }) => quoted(name))))];
  const rows = Math.max(0, ...columns.map(({ values }) => values.length));
  for (let start = 0; start < rows; start += blockRows) {
    let text = '';
    for (let row = start; row < Math.min(rows, start + blockRows); row++)
      text += line(cells.map((cell) => cell.text(cell.values[row] ?? null)));
    blocks.push(utf8Bytes(text));
  }
  return joinedBytes(blocks);
}

const line = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;
const quoted = (text: string): string =>
  text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

function joinedBytes(blocks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let offset = 0;
  for (const block of blocks) {
    bytes.set(block, offset);
    offset += block.length;
  }
  return bytes;
}

function rawColumn({ name, type, values }: TypedColumn): RawColumn {
  return { name, elements: writtenElements(name, type), values: values.map(rawValueWriter(type)) };
}

function textOf({ name, elements }: RawColumn): (raw: RawValue) => string {
  if (columnType(elements) === undefined) throw noText(name, 'its type has no text in CSV; write Parquet');
  const item = listItem(elements);
  const text = leafText(item ?? elements[0]);
  const json = item && listText(item, text);
  return (raw) => {
    if (raw === null) return '';
    try {
      if (json) return quoted(json(Array.isArray(raw) ? raw : []));
      return quoted(text(raw as Exclude<RawScalar, null>)); // the column holds single values
    } catch (cause) {
      throw noText(name, cause instanceof Error ? cause.message : String(cause));
    }
  };
}

/** A list as JSON: numbers and bools as they are, everything else as texts, as on the wire. */
function listText(item: SchemaElement, text: CellText): (raw: readonly RawScalar[]) => string {
  const type = leafType(item) ?? '';
  const isBare = isIntegerType(type) || isFloatType(type) || type === 'bool';
  const element = (raw: RawScalar): string => {
    if (raw === null) return 'null';
    const own = text(raw);
    return isBare && !/^-?[NI]/.test(own) ? own : JSON.stringify(own);
  };
  return (raw) => `[${raw.map(element).join(',')}]`;
}

function leafText(element: SchemaElement): CellText {
  const type = leafType(element);
  if (type === undefined) throw new RangeError('its type has no text in CSV');
  // the reader of values rounds instants up to the millisecond: the column must stay what it is
  if (type === 'timestamp') return instantText(timestampUnit(element) ?? 'NANOS');
  const read = parquetValueReader([element], type);
  const decimal = decimalParts(type);
  if (decimal) return (raw) => decimalText(read(raw), decimal.scale);
  if (type === 'date') return (raw) => formatInstant(Number(read(raw)) * dayMillis).slice(0, 10);
  if (type === 'string') return (raw) => (raw instanceof Uint8Array ? utf8Text(raw) : String(raw));
  if (type === 'bytes') return (raw) => (raw instanceof Uint8Array ? toBase64(raw) : String(raw));
  return (raw) => {
    const value = read(raw);
    return Object.is(value, -0) ? '-0' : String(value);
  };
}

const fractions = { MILLIS: 1n, MICROS: 1000n, NANOS: 1_000_000n } as const;

/** 3, 6 or 9 digits after the second, by the unit. */
function instantText(unit: keyof typeof fractions): CellText {
  const perMilli = fractions[unit];
  const digits = String(perMilli).length - 1;
  return (raw) => {
    const value = BigInt(raw as bigint | number); // instants are whole numbers
    const rest = ((value % perMilli) + perMilli) % perMilli;
    const text = formatInstant(Number((value - rest) / perMilli));
    return digits === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(digits, '0')}Z`;
  };
}

const noText = (column: string, problem: string): TidemarkError =>
  new TidemarkError('codec.noCsvColumn', `column ${column} cannot be written as CSV: ${problem}`, {
    details: { column },
  });
