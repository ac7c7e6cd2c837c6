import type { Entity, StoredView } from '#spec/manifest.ts';
import { rowOrderFields } from './feature-rows.ts';
import { type OrderField, rowOf } from './row-order.ts';
import { quoted } from './text.ts';
import { sqlType } from './types.ts';

/** Names of the columns that a selection for the online store has besides keys and features. Null event time: a static row. */
export const selectionColumns = {
  eventMillis: '_event_time_ms',
  createdMillis: '_created_time_ms',
  run: '_run',
  deleted: '_deleted',
  marks: '_marks',
} as const;

/**
 * The greatest row per entity of `rows` (columns of featureRowsSelect with every feature), as a statement over that relation.
 * `isStatic` tells that the event time is a placeholder.
 */
export function newestRowsSql(options: {
  readonly view: StoredView;
  readonly entity: Entity;
  readonly rows: string;
  readonly isStatic: boolean;
}): string {
  const { view, entity, rows, isStatic } = options;
  const fields: OrderField[] = [
    { expression: '_event_ms', type: 'bigint' },
    { expression: '_created_ms', type: 'bigint' },
    { expression: '_run', type: 'bigint' },
    { expression: '_deleted', type: 'boolean' },
    { expression: '_marks', type: 'varchar' },
    ...view.features.map(({ name, type }) => ({ expression: quoted(name), type: sqlType(type) })),
  ];
  const keys = entity.keys.map((key) => quoted(key.name)).join(', ');
  const columns = [
    keys,
    `${isStatic ? 'CAST(NULL AS bigint)' : '_r.f0'} AS ${quoted(selectionColumns.eventMillis)}`,
    `_r.f1 AS ${quoted(selectionColumns.createdMillis)}`,
    `_r.f2 AS ${quoted(selectionColumns.run)}`,
    `_r.f3 AS ${quoted(selectionColumns.deleted)}`,
    `_r.f4 AS ${quoted(selectionColumns.marks)}`,
    ...view.features.map(({ name }, index) => `_r.f${index + 5} AS ${quoted(name)}`),
  ];
  return [
    'WITH feature_rows AS (',
    rows,
    '), newest AS (',
    `SELECT ${keys}, max_by(${rowOf(fields)}, ${rowOf(rowOrderFields(view))}) AS _r FROM feature_rows GROUP BY ${keys}`,
    ')',
    `SELECT ${columns.join(', ')} FROM newest`,
  ].join('\n');
}
