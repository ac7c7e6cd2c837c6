import { type FileMetaData, parquetMetadataAsync, parquetRead, type SchemaElement } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { TidemarkError } from '#spec/errors.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';
import {
  type ColumnElements,
  columnElements,
  columnType,
  isText,
  listItem,
  physicalElement,
} from './parquet-schema.ts';
import { parquetValueReader, type RawValue } from './parquet-value.ts';
import { utf8Text } from './utf8.ts';

/** Bytes of a file that can be read in ranges. */
export interface ByteSource {
  readonly byteLength: number;
  /** Bytes [start, endExclusive); to the end without one. */
  slice(start: number, endExclusive?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/** A source over bytes that are in memory. */
export const bytesSource = (bytes: Uint8Array): ByteSource => ({
  byteLength: bytes.byteLength,
  slice: (start, endExclusive) => new Uint8Array(bytes.subarray(start, endExclusive)).buffer,
});

export interface ParquetColumn {
  readonly name: string;
  /** Undefined for what has no type here: structs, maps, lists of lists, times of day. Such columns cannot be read. */
  readonly type: ColumnType | undefined;
  readonly elements: ColumnElements;
}

/** An opened file: its footer is read, its data is not. */
export interface ParquetFile {
  readonly source: ByteSource;
  readonly rowCount: number;
  readonly columns: readonly ParquetColumn[];
  readonly metadata: FileMetaData;
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Reads a file's footer. Throws codec.notParquet for anything that is no Parquet file. */
export async function openParquet(source: ByteSource): Promise<ParquetFile> {
  const metadata = await parquetMetadataAsync(source, { geoparquet: false }).catch((error: unknown) => {
    throw new TidemarkError('codec.notParquet', `this is not a readable Parquet file: ${describe(error)}`, {
      cause: error,
    });
  });
  const columns = columnElements(metadata.schema).map((elements) => ({
    name: elements[0].name,
    type: columnType(elements),
    elements,
  }));
  return { source, rowCount: Number(metadata.num_rows), columns, metadata };
}

/** A text that the file's writer has left in its footer, by its key (WriteParquetOptions.metadata). */
export const parquetMetadataText = (file: ParquetFile, key: string): string | undefined =>
  file.metadata.key_value_metadata?.find((entry) => entry.key === key)?.value;

/** Rows [rowStart, rowEndExclusive) of a file; by default all. */
export interface RowRange {
  readonly rowStart?: number;
  readonly rowEndExclusive?: number;
}

/** A column to read, as its own type or as one that loses nothing of it. */
export interface WantedColumn {
  readonly name: string;
  readonly as?: ColumnType;
}

/** The column of a name. Throws codec.unknownParquetColumn with the names that there are. */
export function parquetColumn(file: ParquetFile, name: string): ParquetColumn {
  const found = file.columns.find((column) => column.name === name);
  if (found) return found;
  const names = file.columns.map((column) => column.name);
  throw new TidemarkError('codec.unknownParquetColumn', `the file has no column ${name}; it has ${names.join(', ')}`, {
    details: { column: name, columns: names },
  });
}

const inColumn = (name: string, error: unknown): unknown =>
  error instanceof TidemarkError
    ? new TidemarkError(error.code, `column ${name}: ${error.message}`, { kind: error.kind, details: { column: name } })
    : error;

/**
 * Typed values of the wanted columns, one array per column in their order, all of the range's length. Timestamps of any unit become
 * milliseconds, rounded up; decimals scaled bigints; dates epoch days. Throws codec.unknownParquetColumn and, naming the
 * column, codec.invalidParquetValue.
 */
export async function readColumns(
  file: ParquetFile,
  wanted: readonly WantedColumn[],
  range: RowRange = {},
): Promise<Value[][]> {
  const readers = wanted.map(({ name, as }) => {
    const { elements, type } = parquetColumn(file, name);
    try {
      return parquetValueReader(elements, as ?? type ?? 'string');
    } catch (error) {
      throw inColumn(name, error);
    }
  });
  // Text is decoded by the Parquet library, once per dictionary entry.
  const raw = await readRaw(file, { names: wanted.map(({ name }) => name), decodeText: true }, range);
  return wanted.map(({ name }, index) => {
    const read = readers[index] ?? (() => null);
    try {
      return (raw[index] ?? []).map(read);
    } catch (error) {
      throw inColumn(name, error);
    }
  });
}

/** A column exactly as a file holds it: schema and physical values; texts are their UTF-8 bytes. */
export interface RawColumn {
  readonly name: string;
  readonly elements: ColumnElements;
  readonly values: readonly RawValue[];
}

/**
 * Columns untouched, to be written elsewhere (writeParquet) with the same types. Refuses structs, maps and lists of lists with
 * codec.nestedParquetColumn.
 */
export async function readRawColumns(
  file: ParquetFile,
  names: readonly string[],
  range: RowRange = {},
): Promise<RawColumn[]> {
  const columns = names.map((name) => parquetColumn(file, name));
  for (const { name, elements } of columns)
    if (elements.length > 1 && !listItem(elements))
      throw new TidemarkError(
        'codec.nestedParquetColumn',
        `column ${name} is nested; allowed are single values and lists of them; flatten it or leave it out`,
        { details: { column: name } },
      );
  const values = await readRaw(file, { names, decodeText: false }, range);
  return columns.map(({ name, elements }, index) => ({ name, elements, values: values[index] ?? [] }));
}

/** A leaf stripped of its logical type; of text only UTF8 is kept where it is to be decoded. */
const strip = (element: SchemaElement, decodeText: boolean): SchemaElement => {
  const physical = physicalElement(element);
  return decodeText && isText(element) ? { ...physical, converted_type: 'UTF8' } : physical;
};

/** Physical values per column. The library's own conversions lose digits of decimals and times, so it is told of none. */
async function readRaw(
  file: ParquetFile,
  columns: { readonly names: readonly string[]; readonly decodeText: boolean },
  range: RowRange,
): Promise<RawValue[][]> {
  const rowStart = Math.max(0, range.rowStart ?? 0);
  const rowEnd = Math.min(file.rowCount, range.rowEndExclusive ?? file.rowCount);
  const byName = new Map(
    columns.names.map((name) => [name, new Array<RawValue>(Math.max(0, rowEnd - rowStart)).fill(null)]),
  );
  if (rowEnd <= rowStart || byName.size === 0) return columns.names.map(() => []);
  const metadata = {
    ...file.metadata,
    schema: file.metadata.schema.map((element) => strip(element, columns.decodeText)),
  };
  await parquetRead({
    file: file.source,
    metadata,
    columns: [...byName.keys()],
    rowStart,
    rowEnd,
    utf8: false,
    compressors,
    useOffsetIndex: rowEnd - rowStart < file.rowCount,
    parsers: { stringFromBytes: (bytes) => bytes && utf8Text(bytes), timestampFromNanoseconds: (value) => value },
    onChunk: ({ columnName, columnData, rowStart: first }) => {
      const values = byName.get(columnName);
      const from = Math.max(0, rowStart - first);
      const to = Math.min(columnData.length, rowEnd - first);
      if (values)
        for (let index = from; index < to; index++) values[first + index - rowStart] = columnData[index] ?? null;
    },
  });
  return columns.names.map((name) => byName.get(name) ?? []);
}
