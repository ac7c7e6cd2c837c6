import type { TypedColumn } from '#codec/parquet-write.ts';
import type { OfflinePorts } from '#engine/verify/offline-rows.ts';
import { type AsOfOptions, asOfSql } from '#sql/as-of-sql.ts';
import { unloadedColumns } from './unloaded-columns.ts';

/**
 * What serving had of every entity of a view at an instant, column by column: keys, features and, of stored views, `_event_time` and
 * `_available_at`. In any order, in memory. `id` is of this question alone. Throws engine.queryFailed.
 */
export async function rowsAsOf(
  ports: OfflinePorts,
  { view, atMillis, id }: Pick<AsOfOptions, 'view' | 'atMillis'> & { readonly id: string },
): Promise<TypedColumn[]> {
  const { sql, columns } = asOfSql({ ...ports, view, atMillis });
  const values = await unloadedColumns(ports, {
    select: sql,
    wanted: columns.map(({ name, type }) => ({ name, as: type })),
    folder: `as-of/${id}`,
  });
  return columns.map((column, at) => ({ ...column, values: values[at] ?? [] }));
}
