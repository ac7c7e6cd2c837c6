import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { parseDuration } from '#semantics/duration.ts';
import { utcDate } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Objects } from '#store/objects.ts';
import { type Command, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { type FileSource, findFileSource, hashColumns } from '../load/file-source.ts';
import { shiftedColumns } from '../load/shift-times.ts';
import { grouped } from '../report/table.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

export const load: Command = {
  name: 'load',
  summary: 'put Parquet files where a source, or the history of a stream, looks for them',
  usage: [
    'tidemark load <source> <file.parquet> ... [--shift 2h]',
    '',
    '--shift   move every timestamp later by this much (examples)',
  ],
  options: { shift: { type: 'string' } },
  run: async ({ positionals, options, output }) => {
    const [name, ...files] = positionals;
    if (name === undefined || files.length === 0)
      throw new TidemarkError(
        'cli.badArguments',
        'name a source and its files, as in "tidemark load trips trips.parquet"',
      );
    const target = readTarget(stringOption(options, 'target'));
    const source = findFileSource(await loadManifest(repositoryFolder(undefined, target)), name);
    const shift = stringOption(options, 'shift');
    const { objects } = connect(target);
    const shiftMillis = shift === undefined ? 0 : parseDuration(shift);
    const loaded: { readonly file: string; readonly key: string; readonly rows: number }[] = [];
    for (const file of files) loaded.push({ file, ...(await loadFile(objects, { source, file, shiftMillis })) });
    const lines = loaded.map(
      ({ file, key, rows }) => `${file}: ${grouped(rows)} rows under s3://${target.bucket}/${key}`,
    );
    output.data({ source: source.name, files: loaded }, lines.join('\n'));
    return exitCodes.ok;
  },
};

/**
 * Puts the rows of a file under their source's location, typed as the source declares them, by date where it is partitioned, with the hashes
 * that a history needs. Throws when a
 * column is missing or of another type, or a partitioned source's row has no date; then nothing is put.
 */
export async function loadFile(
  objects: Objects,
  { source, file, shiftMillis }: { readonly source: FileSource; readonly file: string; readonly shiftMillis: number },
): Promise<{ readonly key: string; readonly rows: number }> {
  if (!existsSync(file)) throw new TidemarkError('cli.noSuchFile', `no file ${file}`, { kind: 'notFound' });
  if (source.location.startsWith('s3://'))
    throw new TidemarkError(
      'cli.sourceElsewhere',
      `source ${source.name} lies in ${source.location}, outside the deployment's bucket; put files there with your own tools`,
    );
  const read = await shiftedColumns(readFileSync(file), source.schema, shiftMillis);
  const columns = [...read, ...hashColumns(source, read)];
  const key = objectKeys.source(source.location);
  for (const { folder, rows } of partitions(source, columns)) {
    const chosen = columns.filter(({ name }) => name !== source.partitionedBy?.column);
    const part = chosen.map((column) => ({
      ...column,
      values: rows ? rows.map((row) => column.values[row] ?? null) : column.values,
    }));
    await objects.put(`${key}${folder}${basename(file)}`, writeParquet(part));
  }
  return { key, rows: columns[0]?.values.length ?? 0 };
}

/** Folders of a source's rows: one per UTC date of a partitioned source, else the source's own (`rows` undefined: all). */
function partitions(source: FileSource, columns: readonly TypedColumn[]): { folder: string; rows?: number[] }[] {
  const { partitionedBy } = source;
  if (!partitionedBy) return [{ folder: '' }];
  const times = columns.find(({ name }) => name === partitionedBy.of)?.values ?? [];
  const byDate = new Map<string, number[]>();
  times.forEach((time, row) => {
    if (typeof time !== 'number')
      throw new TidemarkError(
        'cli.rowWithoutDate',
        `row ${row} has no ${partitionedBy.of}, by whose date source ${source.name} is partitioned: it could never be read; leave such rows out`,
      );
    const date = utcDate(time);
    const rows = byDate.get(date);
    if (rows) rows.push(row);
    else byDate.set(date, [row]);
  });
  return [...byDate].map(([date, rows]) => ({ folder: `${partitionedBy.column}=${date}/`, rows }));
}
