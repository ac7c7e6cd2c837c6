import type { JsonValue } from '#spec/json-value.ts';
import {
  type ColumnType,
  decimalParts,
  elementType,
  isFloatType,
  isListType,
  type ScalarType,
} from '#spec/value-type.ts';
import { bigint, instant, text } from './text.ts';

const scalarDml: Readonly<Record<ScalarType, string>> = {
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double',
  string: 'varchar',
  bool: 'boolean',
  timestamp: 'timestamp(3)',
  bytes: 'varbinary',
};
const scalarGlue: Readonly<Record<ScalarType, string>> = {
  ...scalarDml,
  int32: 'int',
  float32: 'float',
  string: 'string',
  timestamp: 'timestamp',
  bytes: 'binary',
};

/** Type in statements (Trino spelling). */
export function sqlType(type: ColumnType): string {
  if (isListType(type)) return `array(${scalarDml[elementType(type)]})`;
  if (type === 'date' || decimalParts(type)) return type;
  return scalarDml[type as ScalarType]; // the rest of ColumnType is scalar
}

/** Type in the Glue catalog (Hive spelling). */
export function glueType(type: ColumnType): string {
  if (isListType(type)) return `array<${scalarGlue[elementType(type)]}>`;
  if (type === 'date' || decimalParts(type)) return type;
  return scalarGlue[type as ScalarType]; // the rest of ColumnType is scalar
}

/** A typed literal of a JSON value (lib/spec/json-value.ts); null has the type too, so that unions and CASE branches agree. */
export function literal(value: JsonValue | undefined, type: ColumnType): string {
  if (value === null || value === undefined) return `CAST(NULL AS ${sqlType(type)})`;
  if (isListType(type) && Array.isArray(value)) {
    const items = value.map((item) => literal(item, elementType(type)));
    return `CAST(ARRAY[${items.join(', ')}] AS ${sqlType(type)})`;
  }
  if (type === 'timestamp') return instant(Number(value));
  if (type === 'int64') return bigint(BigInt(String(value)));
  if (type === 'string') return text(String(value));
  if (type === 'bool') return value === true ? 'true' : 'false';
  if (type === 'bytes') return `from_hex(${text(base64ToHex(String(value)))})`;
  return `CAST(${text(String(value))} AS ${sqlType(type)})`;
}

function base64ToHex(base64: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let bits = '';
  for (const character of base64.replaceAll('=', '')) bits += alphabet.indexOf(character).toString(2).padStart(6, '0');
  const bytes = bits.match(/[01]{8}/g) ?? [];
  return bytes.map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, '0').toUpperCase()).join('');
}

/** A value with 0 for -0, in lists too: both are read as 0, and engines do not agree on which of them they keep. */
export function withoutNegativeZero(expression: string, type: ColumnType): string {
  if (isListType(type) && isFloatType(elementType(type)))
    return `transform(${expression}, x -> ${withoutNegativeZero('x', elementType(type))})`;
  return type === 'float32' || type === 'float64'
    ? `CASE WHEN ${expression} = 0 THEN CAST(0 AS ${sqlType(type)}) ELSE ${expression} END`
    : expression;
}
