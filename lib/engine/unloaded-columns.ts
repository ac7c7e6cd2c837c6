import { setTimeout as wait } from 'node:timers/promises';
import { openParquet, readColumns, type WantedColumn } from '#codec/parquet-read.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Value } from '#spec/value-type.ts';
import { unloadSql } from '#sql/unload-sql.ts';
import type { Objects } from '#store/objects.ts';
import type { SqlEngine } from '#store/sql-engine.ts';
import { unloadedFiles } from './materialize/unloaded-files.ts';
import { objectSource } from './object-source.ts';

const pollMillis = 200;

/**
 * Runs a SELECT to its end and reads the wanted columns of all its rows, in any order, by way of Parquet, which keeps every type. For results
 * that fit in memory. `folder` must be one that no other call has
 * been given: Athena unloads into an empty folder only. Throws engine.queryFailed.
 */
export async function unloadedColumns(
  ports: { readonly objects: Objects; readonly sql: SqlEngine },
  request: { readonly select: string; readonly wanted: readonly WantedColumn[]; readonly folder: string },
): Promise<Value[][]> {
  const uri = ports.objects.uri(`training-sets/work/${request.folder}/`);
  const queryId = await ports.sql.start(unloadSql({ select: request.select, uri }), uri);
  const manifestUri = await finished(ports.sql, queryId);
  const columns: Value[][] = request.wanted.map(() => []);
  for (const { key } of await unloadedFiles(ports.objects, manifestUri)) {
    const file = await openParquet(await objectSource(ports.objects, key));
    const values = await readColumns(file, request.wanted);
    for (const [at, column] of columns.entries()) for (const value of values[at] ?? []) column.push(value);
  }
  return columns;
}

async function finished(sql: SqlEngine, queryId: string): Promise<string | undefined> {
  for (;;) {
    const status = await sql.status(queryId);
    if (status.state === 'succeeded') return status.manifestUri;
    if (status.state !== 'running')
      throw new TidemarkError(
        'engine.queryFailed',
        `a statement ${status.state} in Athena: ${status.reason ?? 'no reason given'} (query ${queryId})`,
        { kind: 'failed' },
      );
    await wait(pollMillis);
  }
}
