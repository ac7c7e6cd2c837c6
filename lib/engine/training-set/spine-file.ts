import {
  bytesSource,
  openParquet,
  type ParquetFile,
  type RawColumn,
  readColumns,
  readRawColumns,
} from '#codec/parquet-read.ts';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { objectSource } from '#engine/object-source.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type FeatureType, isFloatType, isIntegerType, type Value } from '#spec/value-type.ts';
import type { Objects } from '#store/objects.ts';
import { type CsvRecord, csvBlocks } from './csv-records.ts';
import { addCell, type ColumnFacts, type CsvType, cellValue, inferType, noFacts } from './csv-types.ts';
import type { SpineColumn } from './spine-layout.ts';

/** Consecutive rows of a spine. */
export interface SpineRows {
  readonly count: number;
  /** Every column, untouched, as it goes into the dataset. */
  readonly columns: readonly (RawColumn | TypedColumn)[];
  /** Values of a column in the type that SpineColumn.type says. */
  values(column: string): readonly Value[];
}

/** A spine that can be read in parts, in row order. */
export interface SpineFile {
  readonly columns: readonly SpineColumn[];
  /** Rows from `firstRow` on in parts of `partRows`; the last may be shorter. `read` names the columns whose values are wanted. */
  parts(options: {
    readonly firstRow: number;
    readonly partRows: number;
    readonly read: readonly string[];
  }): AsyncGenerator<SpineRows>;
}

/** The spine's object at one moment. */
export interface SpineObject {
  readonly key: string;
  readonly sizeBytes: number;
}

const chunkBytes = 8 * 1024 * 1024;
/** Objects up to this size are read at once. */
const wholeBytes = 32 * 1024 * 1024;

/** Bytes of an object in order, in chunks. */
export async function* objectChunks(
  objects: Pick<Objects, 'getRange'>,
  object: SpineObject,
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < object.sizeBytes; start += chunkBytes)
    yield await objects.getRange(object.key, start, Math.min(object.sizeBytes, start + chunkBytes));
}

/** Opens a Parquet object for reading in ranges; a small one is fetched at once. Throws codec.notParquet. */
export const openParquetObject = async (
  objects: Pick<Objects, 'getRange' | 'head'>,
  { key, sizeBytes }: SpineObject,
): Promise<ParquetFile> =>
  openParquet(
    sizeBytes <= wholeBytes ? bytesSource(await objects.getRange(key, 0, sizeBytes)) : await objectSource(objects, key),
  );

/** Columns of a Parquet spine. */
export const spineColumns = (file: ParquetFile): SpineColumn[] =>
  file.columns.map(({ name, type, elements }) => ({
    name,
    type,
    description: type ?? (elements.length > 1 ? 'nested' : 'of a type that features do not have'),
    isNested: type === undefined && elements.length > 1,
  }));

/** Opens a Parquet spine; throws codec.notParquet. */
export async function openParquetSpine(
  objects: Pick<Objects, 'getRange' | 'head'>,
  object: SpineObject,
): Promise<SpineFile> {
  const file = await openParquetObject(objects, object);
  const names = file.columns.map(({ name }) => name);
  return {
    columns: spineColumns(file),
    async *parts({ firstRow, partRows, read }) {
      for (let rowStart = firstRow; rowStart < file.rowCount; rowStart += partRows) {
        const range = { rowStart, rowEndExclusive: Math.min(file.rowCount, rowStart + partRows) };
        const columns = await readRawColumns(file, names, range);
        const values = await readColumns(
          file,
          read.map((name) => ({ name })),
          range,
        );
        yield {
          count: range.rowEndExclusive - rowStart,
          columns,
          values: (column) => values[read.indexOf(column)] ?? [],
        };
      }
    },
  };
}

/** What one pass over a CSV file finds. */
export interface CsvSurvey {
  readonly names: readonly string[];
  readonly facts: readonly ColumnFacts[];
  readonly rows: number;
}

/** Reads a CSV file once: its header and what its cells allow. Throws trainingSet.badCsv. */
export async function surveyCsv(chunks: AsyncIterable<Uint8Array>): Promise<CsvSurvey> {
  let names: readonly string[] | undefined;
  let facts: ColumnFacts[] = [];
  let row = 0;
  for await (const { records } of csvBlocks(chunks))
    for (const record of records) {
      if (!names) {
        names = headerOf(record);
        facts = names.map(noFacts);
      } else if (!isBlank(record, names)) {
        checkWidth(record, names, row);
        for (const [position, columnFacts] of facts.entries()) addCell(columnFacts, record[position], row);
        row++;
      }
    }
  return { names: names ?? [], facts, rows: row };
}

function headerOf(record: CsvRecord): string[] {
  const unnamed = record.findIndex((cell) => cell === null || cell === '');
  if (unnamed < 0) return record.map(String);
  throw new TidemarkError(
    'trainingSet.badCsv',
    record.length === 1
      ? 'the spine begins with an empty line; its first line must name the columns'
      : `column ${unnamed + 1} of the spine has no name; the first line must name every column`,
  );
}

/** An empty line in a file of several columns is no row. */
const isBlank = (record: CsvRecord, names: readonly string[]): boolean =>
  record.length === 1 && record[0] === null && names.length > 1;

function checkWidth(record: CsvRecord, names: readonly string[], row: number): void {
  if (record.length === names.length) return;
  throw new TidemarkError(
    'trainingSet.badCsv',
    `row ${row} of the spine (the first is row 0) has ${record.length} cells, but its header names ${names.length} columns`,
  );
}

/** A column of a CSV file and its type; `description` says where a narrower type ends. */
export interface CsvColumn {
  readonly name: string;
  readonly type: CsvType;
  readonly description: string;
}

/**
 * Gives the columns of a CSV file their types. One that is used as text (or as a time) stays text, whatever its cells look like; one without
 * any cell gets the type that it is used as.
 */
export function csvColumns({ names, facts }: CsvSurvey, used: ReadonlyMap<string, FeatureType>): CsvColumn[] {
  return facts.map((columnFacts, position) => {
    const name = names[position] ?? '';
    const use = used.get(name);
    if (use === 'string' || use === 'timestamp') return { name, type: 'string', description: 'string' };
    const type = columnFacts.isEmpty && use ? csvTypeOf(use) : inferType(columnFacts);
    const row = columnFacts.firstNot.int64;
    return { name, type, description: row === undefined ? type : `${type} (row ${row} is no integer)` };
  });
}

function csvTypeOf(type: FeatureType): CsvType {
  if (isIntegerType(type)) return 'int64';
  if (isFloatType(type)) return 'float64';
  return type === 'bool' ? 'bool' : 'string';
}

/** A CSV spine whose columns have been given types. */
export function openCsvSpine(chunks: () => AsyncIterable<Uint8Array>, columns: readonly CsvColumn[]): SpineFile {
  const names = columns.map(({ name }) => name);
  return {
    columns: columns.map((column) => ({ ...column, isNested: false })),
    async *parts({ firstRow, partRows }) {
      let open = columns.map((): Value[] => []);
      let count = 0;
      for await (const record of dataRecords(chunks(), names, firstRow)) {
        for (const [position, { type }] of columns.entries())
          open[position]?.push(cellValue(record[position] ?? null, type));
        count++;
        if (count < partRows) continue;
        yield csvRows(columns, open, count);
        open = columns.map((): Value[] => []);
        count = 0;
      }
      if (count > 0) yield csvRows(columns, open, count);
    },
  };
}

async function* dataRecords(
  chunks: AsyncIterable<Uint8Array>,
  names: readonly string[],
  firstRow: number,
): AsyncGenerator<CsvRecord> {
  let row = -1; // the header
  for await (const { records } of csvBlocks(chunks))
    for (const record of records) {
      if (row >= 0 && isBlank(record, names)) continue;
      if (row >= firstRow) yield record;
      row++;
    }
}

function csvRows(columns: readonly CsvColumn[], values: readonly (readonly Value[])[], count: number): SpineRows {
  return {
    count,
    columns: columns.map(({ name, type }, position) => ({ name, type, values: values[position] ?? [] })),
    values: (column) => values[columns.findIndex(({ name }) => name === column)] ?? [],
  };
}
