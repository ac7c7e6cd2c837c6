import type { SchemaElement } from 'hyparquet';
import type { ColumnType } from '#spec/value-type.ts';
import { decimalParts, elementType, isColumnType, isListType } from '#spec/value-type.ts';

/** How a column stands in a Parquet schema: its subtree in preorder, one element for a scalar, three for a list. */
export type ColumnElements = readonly [SchemaElement, ...SchemaElement[]];

/** The subtrees of the root's children. Nested columns come as they are. */
export function columnElements(schema: readonly SchemaElement[]): ColumnElements[] {
  const columns: ColumnElements[] = [];
  let index = 1;
  while (index < schema.length) {
    const end = subtreeEnd(schema, index);
    const [first, ...rest] = schema.slice(index, end);
    if (first) columns.push([first, ...rest]);
    index = end;
  }
  return columns;
}

/** Index after the subtree that starts at `index`. */
function subtreeEnd(schema: readonly SchemaElement[], index: number): number {
  let end = index + 1;
  for (let child = 0; child < (schema[index]?.num_children ?? 0); child++) end = subtreeEnd(schema, end);
  return end;
}

/** The element of a list's items where the column is a list of scalars in the three-level form, else undefined. */
export function listItem(elements: ColumnElements): SchemaElement | undefined {
  const [outer, repeated, item] = elements;
  const isList = outer.converted_type === 'LIST' || outer.logical_type?.type === 'LIST';
  if (!isList || elements.length !== 3 || repeated?.repetition_type !== 'REPEATED') return undefined;
  return item?.type === undefined ? undefined : item;
}

/** Scale of a decimal leaf, or undefined for any other. */
export const decimalScale = (element: SchemaElement): number | undefined => {
  if (element.logical_type?.type === 'DECIMAL') return element.logical_type.scale;
  return element.converted_type === 'DECIMAL' ? (element.scale ?? 0) : undefined;
};

function decimalType(element: SchemaElement, scale: number): ColumnType | undefined {
  const precision = element.logical_type?.type === 'DECIMAL' ? element.logical_type.precision : element.precision;
  const type = `decimal(${precision ?? 38},${scale})`;
  return isColumnType(type) ? type : undefined;
}

/** A whole number's width and sign; undefined for a leaf without such an annotation. */
export function integerAnnotation(element: SchemaElement): { bitWidth: number; isSigned: boolean } | undefined {
  if (element.logical_type?.type === 'INTEGER') return element.logical_type;
  const match = /^(U?)INT_(8|16|32|64)$/.exec(element.converted_type ?? '');
  return match ? { bitWidth: Number(match[2]), isSigned: match[1] === '' } : undefined;
}

export type TimestampUnit = 'MILLIS' | 'MICROS' | 'NANOS';

/** The unit of an INT64 timestamp, or undefined for any other leaf. */
export function timestampUnit(element: SchemaElement): TimestampUnit | undefined {
  if (element.logical_type?.type === 'TIMESTAMP') return element.logical_type.unit;
  if (element.converted_type === 'TIMESTAMP_MILLIS') return 'MILLIS';
  return element.converted_type === 'TIMESTAMP_MICROS' ? 'MICROS' : undefined;
}

const textTypes = new Set(['UTF8', 'ENUM', 'JSON', 'STRING']);
/** True for UTF-8 text: strings, enums and JSON. */
export const isText = (element: SchemaElement): boolean =>
  textTypes.has(element.converted_type ?? '') || textTypes.has(element.logical_type?.type ?? '');

const isDate = (element: SchemaElement): boolean =>
  element.converted_type === 'DATE' || element.logical_type?.type === 'DATE';
const isTimeOfDay = (element: SchemaElement): boolean =>
  element.logical_type?.type === 'TIME' || (element.converted_type ?? '').startsWith('TIME_');

/** The column type that a leaf is read as; undefined for times of day, intervals and what is not a leaf. */
export function leafType(element: SchemaElement): ColumnType | undefined {
  const scale = decimalScale(element);
  if (scale !== undefined) return decimalType(element, scale);
  const integer = integerAnnotation(element);
  switch (element.type) {
    case 'BOOLEAN':
      return 'bool';
    case 'FLOAT':
      return 'float32';
    case 'DOUBLE':
      return 'float64';
    case 'INT96':
      return 'timestamp';
    case 'INT32':
      if (isDate(element)) return 'date';
      if (isTimeOfDay(element)) return undefined;
      return integer?.bitWidth === 32 && !integer.isSigned ? 'int64' : 'int32';
    case 'INT64':
      if (timestampUnit(element)) return 'timestamp';
      return isTimeOfDay(element) ? undefined : 'int64';
    case 'BYTE_ARRAY':
      return isText(element) ? 'string' : 'bytes';
    case 'FIXED_LEN_BYTE_ARRAY':
      if (element.converted_type === 'INTERVAL' || element.logical_type?.type === 'FLOAT16') return undefined;
      return 'bytes';
    default:
      return undefined;
  }
}

/** The column type of a column, or undefined where none fits (structs, maps, lists of lists, times of day). */
export function columnType(elements: ColumnElements): ColumnType | undefined {
  const item = listItem(elements);
  if (!item) return elements.length === 1 ? leafType(elements[0]) : undefined;
  const type = `list<${leafType(item)}>`;
  return isColumnType(type) ? type : undefined;
}

/** Physical types alone, so that the Parquet library hands values through unconverted; lists stay lists. */
export const physicalElement = (element: SchemaElement): SchemaElement =>
  element.type === undefined
    ? element
    : {
        name: element.name,
        type: element.type,
        ...(element.type_length === undefined ? {} : { type_length: element.type_length }),
        ...(element.repetition_type === undefined ? {} : { repetition_type: element.repetition_type }),
      };

/**
 * The element as the Parquet library can write it: it writes the width of an INTEGER annotation with a wrong thrift type, so the
 * older annotation, which means the same, stands alone.
 */
export function writableElement(element: SchemaElement): SchemaElement {
  if (element.logical_type?.type !== 'INTEGER') return element;
  const { logical_type, ...rest } = element;
  const widths = { 8: 'INT_8', 16: 'INT_16', 32: 'INT_32', 64: 'INT_64' } as const;
  const unsigned = { 8: 'UINT_8', 16: 'UINT_16', 32: 'UINT_32', 64: 'UINT_64' } as const;
  const width = logical_type.bitWidth as keyof typeof widths; // the format knows these widths only
  return { ...rest, converted_type: (logical_type.isSigned ? widths : unsigned)[width] };
}

/** The leaf that a scalar type is written as; all columns are optional. Timestamps are milliseconds without zone, which is UTC. */
function leafElement(name: string, type: ColumnType): SchemaElement {
  const leaf = { name, repetition_type: 'OPTIONAL' } as const;
  const decimal = decimalParts(type);
  if (decimal) {
    const annotation = {
      converted_type: 'DECIMAL',
      logical_type: { type: 'DECIMAL', ...decimal },
      ...decimal,
    } as const;
    if (decimal.precision <= 18) return { ...leaf, type: 'INT64', ...annotation };
    return { ...leaf, type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, ...annotation };
  }
  switch (type) {
    case 'int32':
      return { ...leaf, type: 'INT32' };
    case 'int64':
      return { ...leaf, type: 'INT64' };
    case 'float32':
      return { ...leaf, type: 'FLOAT' };
    case 'float64':
      return { ...leaf, type: 'DOUBLE' };
    case 'bool':
      return { ...leaf, type: 'BOOLEAN' };
    case 'string':
      return { ...leaf, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    case 'date':
      return { ...leaf, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } };
    case 'timestamp':
      // No converted type: TIMESTAMP_MILLIS would mean an instant with zone, which DuckDB reads as another type.
      return { ...leaf, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' } };
    default:
      return { ...leaf, type: 'BYTE_ARRAY' };
  }
}

/** How a column of a type is written. Lists have the standard three levels. */
export function writtenElements(name: string, type: ColumnType): ColumnElements {
  if (!isListType(type)) return [leafElement(name, type)];
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    leafElement('element', elementType(type)),
  ];
}
