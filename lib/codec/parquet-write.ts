import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { TidemarkError } from '#spec/errors.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';
import type { RawColumn } from './parquet-read.ts';
import { type ColumnElements, physicalElement, writableElement, writtenElements } from './parquet-schema.ts';
import { type RawValue, rawValueWriter } from './parquet-value.ts';

/** A column of typed values: decimals as scaled bigints, dates as epoch days. */
export interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly values: readonly Value[];
}

export interface WriteParquetOptions {
  /** @default 100000 */
  readonly rowGroupRows?: number;
  /** Texts by key in the file's footer, which SQL does not see. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Column statistics let readers skip row groups; they are written where physical order is the order of the values. */
const orderedTypes: ReadonlySet<ColumnType> = new Set([
  'int32',
  'int64',
  'float32',
  'float64',
  'string',
  'timestamp',
  'date',
]);

interface PreparedColumn {
  readonly elements: ColumnElements;
  readonly values: RawValue[];
  readonly statistics: boolean;
}

function prepare(column: TypedColumn | RawColumn): PreparedColumn {
  if ('type' in column)
    return {
      elements: writtenElements(column.name, column.type),
      values: column.values.map(rawValueWriter(column.type)),
      statistics: orderedTypes.has(column.type),
    };
  const [leaf] = column.elements;
  if (leaf.type === 'INT96') return withoutInt96(column, leaf);
  return { elements: column.elements, values: [...column.values], statistics: false };
}

/** INT96 is deprecated and not written by the library, which reads it as nanoseconds: INT64, years 1677..2262. */
function withoutInt96(column: RawColumn, leaf: SchemaElement): PreparedColumn {
  const { name, repetition_type = 'OPTIONAL' } = leaf;
  const logical_type = { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } as const;
  return {
    elements: [{ name, repetition_type, type: 'INT64', logical_type }],
    values: [...column.values],
    statistics: false,
  };
}

const isFloat = (elements: ColumnElements): boolean => ['FLOAT', 'DOUBLE'].includes(elements.at(-1)?.type ?? '');

/**
 * Bytes of a Parquet file (Snappy): typed columns as writtenElements says, raw columns exactly as they were read. The same columns
 * give the same bytes. Throws codec.unevenColumns where lengths differ, or for no column at all.
 */
export function writeParquet(
  columns: readonly (TypedColumn | RawColumn)[],
  options: WriteParquetOptions = {},
): Uint8Array {
  const lengths = new Set(columns.map((column) => column.values.length));
  if (lengths.size !== 1)
    throw new TidemarkError(
      'codec.unevenColumns',
      `the columns of a file must have one length, got ${[...lengths].join(', ') || 'no columns'}`,
      { kind: 'failed' },
    );
  const prepared = columns.map(prepare);
  const root: SchemaElement = { name: 'schema', num_children: columns.length };
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: [root, ...prepared.flatMap(({ elements }) => elements.map(physicalElement))],
    createdBy: 'tidemark',
    kvMetadata: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  });
  file.write({
    columnData: prepared.map(({ elements, values, statistics }) => ({
      name: elements[0].name,
      data: values,
      statistics,
      // A dictionary takes -0 and 0 for one value.
      ...(isFloat(elements) ? { encoding: 'PLAIN' as const } : {}),
    })),
    rowGroupSize: options.rowGroupRows ?? 100_000,
  });
  // The values are physical ones, so the library must not convert them: the logical types enter with the footer.
  file.schema = [root, ...prepared.flatMap(({ elements }) => elements.map(writableElement))];
  file.finish();
  return writer.getBytes();
}
