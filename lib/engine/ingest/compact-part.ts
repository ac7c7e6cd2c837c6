import { openParquet, readColumns } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';
import type { Objects } from '#store/objects.ts';
import { objectSource } from '../object-source.ts';
import type { CompactionInput, CompactionPart } from './compaction-plan.ts';

type Readable = Pick<Objects, 'getRange' | 'head'>;

const typeOf = (key: string, column: { readonly name: string; readonly type: ColumnType | undefined }): ColumnType => {
  if (column.type !== undefined) return column.type;
  throw new TidemarkError('ingest.badEventFile', `column ${column.name} of ${key} has no type; it was not archived`, {
    kind: 'failed',
    details: { key, column: column.name },
  });
};

/** Reads the footer of a file to be compacted. Throws ingest.badEventFile, codec.notParquet, engine.missingObject. */
export async function readInput(
  objects: Readable,
  { key, sizeBytes }: { readonly key: string; readonly sizeBytes: number },
): Promise<CompactionInput> {
  const { rowCount, columns } = await openParquet(await objectSource(objects, key));
  return {
    key,
    sizeBytes,
    rows: rowCount,
    columns: columns.map((column) => ({ name: column.name, type: typeOf(key, column) })),
  };
}

/**
 * Writes a part: the rows of its inputs, one after the other, columns and types as they are. A part that stands is left. Throws
 * ingest.lostRows where the inputs hold other rows than were planned.
 */
export async function writePart(objects: Readable & Pick<Objects, 'put'>, part: CompactionPart): Promise<void> {
  if (await objects.head(part.key)) return;
  let columns: (Omit<TypedColumn, 'values'> & { readonly values: Value[] })[] | undefined;
  for (const key of part.inputs) {
    const file = await openParquet(await objectSource(objects, key));
    columns ??= file.columns.map((column) => ({ name: column.name, type: typeOf(key, column), values: [] }));
    const read = await readColumns(file, columns);
    for (const [index, { values }] of columns.entries()) for (const value of read[index] ?? []) values.push(value);
  }
  const rows = columns?.[0]?.values.length ?? 0;
  if (rows !== part.rows)
    throw new TidemarkError('ingest.lostRows', `${part.key} was to get ${part.rows} rows, got ${rows}`, {
      kind: 'failed',
      details: { key: part.key, planned: part.rows, got: rows },
    });
  await objects.put(part.key, writeParquet(columns ?? []), { ifAbsent: true });
}
