import { findEntity, findRowSource, findStreamSource } from '#spec/find.ts';
import { spineKeyColumn, systemColumns } from '#spec/layout.ts';
import type { Column, EntityView, Manifest, StoredView, StreamView } from '#spec/manifest.ts';
import { type CommonTable, withClause } from './common-table.ts';
import { eventRowsSelect } from './event-rows.ts';
import { featureRowsSelect, isStaticView, rowOrderFields } from './feature-rows.ts';
import { pointsTable } from './label-spans.ts';
import { type OrderField, rowOf } from './row-order.ts';
import { streamWindowTables } from './stream-windows.ts';
import { bigint, fromMillis, quoted } from './text.ts';
import { sqlType } from './types.ts';

export interface AsOfOptions {
  readonly database: string;
  readonly manifest: Manifest;
  readonly view: EntityView;
  readonly atMillis: number;
}

/** Columns besides keys and features: of stored views only; null for static rows. */
export const asOfColumns = { eventTime: systemColumns.eventTime, availableAt: '_available_at' } as const;

/** A statement and the columns that it gives, in their order. */
export interface AsOfSelect {
  readonly sql: string;
  readonly columns: readonly Column[];
}

/**
 * What serving had of every entity at an instant: of a stored view its newest visible row, without tombstones and rows older than the ttl; of a
 * stream view the windows of all entities that had an event by then. One row per entity, in any order.
 */
export function asOfSql(options: AsOfOptions): AsOfSelect {
  const { view, manifest } = options;
  const { keys } = findEntity(manifest, view.entity);
  const named = [...keys, ...view.features].map(({ name, type }) => ({ name, type }));
  if (view.kind === 'stream') return { sql: windowsAsOf({ ...options, view }), columns: named };
  const times = [asOfColumns.eventTime, asOfColumns.availableAt].map((name) => ({ name, type: 'timestamp' as const }));
  return { sql: rowsAsOf({ ...options, view }), columns: [...named, ...times] };
}

function rowsAsOf({ database, manifest, view, atMillis }: AsOfOptions & { readonly view: StoredView }): string {
  const on = {
    database,
    view,
    source: findRowSource(manifest, view.source),
    entity: findEntity(manifest, view.entity),
  };
  const isStatic = isStaticView(on);
  const keys = on.entity.keys.map(({ name }) => quoted(name)).join(', ');
  const features = view.features.map(({ name }) => name);
  const rows = featureRowsSelect(on, {
    features,
    mode: 'asServed',
    ...(isStatic ? {} : { bounds: { maxEventMillis: atMillis } }),
  });
  const fields: OrderField[] = [
    { expression: '_event_ms', type: 'bigint' },
    { expression: '_visible_ms', type: 'bigint' },
    { expression: '_deleted', type: 'boolean' },
    ...view.features.map(({ name, type }) => ({ expression: quoted(name), type: sqlType(type) })),
  ];
  const time = (field: string): string => (isStatic ? 'CAST(NULL AS timestamp(3))' : fromMillis(`_r.${field}`));
  const columns = [
    keys,
    ...features.map((name, at) => `_r.f${at + 3} AS ${quoted(name)}`),
    `${time('f0')} AS ${quoted(asOfColumns.eventTime)}`,
    `${time('f1')} AS ${quoted(asOfColumns.availableAt)}`,
  ];
  const isFresh =
    isStatic || view.ttlMillis === undefined ? '' : ` AND ${bigint(atMillis)} - _r.f0 <= ${bigint(view.ttlMillis)}`;
  const newest = [
    `SELECT ${keys}, max_by(${rowOf(fields)}, ${rowOf(rowOrderFields(view))}) AS _r`,
    `FROM (\n${rows}\n) feature_rows`,
    `WHERE _visible_ms <= ${bigint(atMillis)} AND _event_ms <= ${bigint(atMillis)} GROUP BY ${keys}`,
  ].join('\n');
  return [
    withClause([{ name: 'newest', query: newest }]),
    `SELECT ${columns.join(', ')}`,
    `FROM newest WHERE NOT _r.f2${isFresh}`,
  ].join('\n');
}

function windowsAsOf({ database, manifest, view, atMillis }: AsOfOptions & { readonly view: StreamView }): string {
  const on = { database, source: findStreamSource(manifest, view.source), entity: findEntity(manifest, view.entity) };
  const keys = on.entity.keys.map(({ name }) => quoted(name));
  const labels = on.entity.keys.map(({ name }, at) => `${keys[at]} AS ${quoted(spineKeyColumn(on.entity.name, name))}`);
  const events = eventRowsSelect(on, { columns: [], mode: 'asServed', bounds: { maxFromMillis: atMillis } });
  const spine: CommonTable = {
    name: 'spine',
    query: `SELECT DISTINCT ${labels.join(', ')}, ${bigint(atMillis)} AS t FROM (\n${events}\n) entities`,
  };
  const points = pointsTable(on.entity, 'points');
  const features = view.features.map(({ name }) => name);
  const tables = streamWindowTables({
    on,
    view,
    features,
    withMarks: false,
    mode: 'asServed',
    points: points.name,
    atMillis: { min: atMillis, max: atMillis },
    suffix: '',
  });
  return [
    withClause([spine, points, ...tables]),
    `SELECT ${[...keys, ...features.map(quoted)].join(', ')} FROM ${tables.at(-1)?.name ?? ''}`,
  ].join('\n');
}
