import type { VisibilityMode } from '#semantics/visibility.ts';
import { findEntity, findRowSource } from '#spec/find.ts';
import { spineKeyColumn, tableNames } from '#spec/layout.ts';
import type { Entity, EntityView, Manifest, RowSource, StoredView } from '#spec/manifest.ts';
import { candidateRowTables } from './candidate-rows.ts';
import { type CommonTable, withClause } from './common-table.ts';
import { eventRowsSelect } from './event-rows.ts';
import { featureRowsSelect, featureTypes, isStaticView, rowOrderFields } from './feature-rows.ts';
import { featuresRead, seenBounds } from './label-rows.ts';
import { nullRow, type OrderField, rowOf } from './row-order.ts';
import { bigint, dateText, instant, quoted, table, text, toMillis } from './text.ts';
import { sqlType } from './types.ts';

/** Labels that are staged as part 0 of a spine; bounds of their event times, inclusive. */
export interface StagedLabels {
  readonly database: string;
  readonly manifest: Manifest;
  readonly dataset: string;
  readonly lagMillis: number;
  readonly eventTimeRangeMillis: { readonly min: number; readonly max: number };
}

/** Columns of labelRowsSeenSql besides the features, which are named `f_<feature>`. Null event time: a static row. */
export const seenColumns = {
  row: 'row_id',
  eventMillis: 'event_ms',
  createdMillis: 'created_ms',
  run: 'run',
  deleted: 'deleted',
  feature: (name: string): string => `f_${name}`,
} as const;

/** The labels with keys: `row_id`, `at` (event time), `t` (less the lag) and the keys. */
function labelsTable(entity: Entity, labels: StagedLabels): CommonTable {
  const { database, dataset, lagMillis } = labels;
  const keys = entity.keys.map(({ name }) => ({ key: quoted(name), spine: quoted(spineKeyColumn(entity.name, name)) }));
  return {
    name: 'labels',
    query: [
      `SELECT row_id, event_time_ms AS "at", event_time_ms - ${bigint(lagMillis)} AS t, ${keys.map(({ key, spine }) => `${spine} AS ${key}`).join(', ')}`,
      `FROM ${table(database, tableNames.spines)}`,
      `WHERE "dataset" = ${text(dataset)} AND "part" = 0 AND ${keys.map(({ spine }) => `${spine} IS NOT NULL`).join(' AND ')}`,
    ].join('\n'),
  };
}

/**
 * The newest visible row of a view at each label, expired ones and tombstones too, with its times: one row per label that sees one. As the
 * point-in-time join, a sorted pass that thins the rows out, then one over what is left and the labels.
 */
export function labelRowsSeenSql(
  labels: StagedLabels & {
    readonly view: StoredView;
    readonly features: readonly string[];
    readonly mode: VisibilityMode;
  },
): string {
  const { manifest, database, view, features, mode, lagMillis, eventTimeRangeMillis } = labels;
  const entity = findEntity(manifest, view.entity);
  const on = { database, view, source: findRowSource(manifest, view.source), entity };
  const types = featureTypes(view);
  const fields: OrderField[] = [
    { expression: isStaticView(on) ? 'CAST(NULL AS bigint)' : '_event_ms', type: 'bigint' },
    { expression: '_created_ms', type: 'bigint' },
    { expression: '_run', type: 'bigint' },
    { expression: '_deleted', type: 'boolean' },
    ...features.map((name) => ({ expression: quoted(name), type: sqlType(types.get(name) ?? 'string') })),
  ];
  const order = rowOrderFields(view);
  const keys = entity.keys.map(({ name }) => quoted(name));
  const read = featuresRead({ view, features });
  const atMillis = { min: eventTimeRangeMillis.min - lagMillis, max: eventTimeRangeMillis.max - lagMillis };
  const select = featureRowsSelect(on, {
    features: read,
    mode,
    bounds: seenBounds(on, { atMillis, exactStates: true }),
  });
  const candidates = candidateRowTables({ on, features: read, select }, { table: 'labels', keys }, '');
  const seen = `SELECT _row, _k, max_by(_r, _o) OVER (PARTITION BY ${keys.join(', ')} ORDER BY _ts, _k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS _r FROM rows_and_labels`;
  const columns = [
    `_row AS ${quoted(seenColumns.row)}`,
    ...[seenColumns.eventMillis, seenColumns.createdMillis, seenColumns.run, seenColumns.deleted].map(
      (name, at) => `_r.f${at} AS ${quoted(name)}`,
    ),
    ...features.map((name, at) => `_r.f${at + 4} AS ${quoted(seenColumns.feature(name))}`),
  ];
  return [
    withClause([
      labelsTable(entity, labels),
      ...candidates,
      {
        name: 'rows_and_labels',
        query: [
          `SELECT ${keys.join(', ')}, _ts, 0 AS _k, CAST(NULL AS bigint) AS _row, ${rowOf(fields)} AS _r, ${rowOf(order)} AS _o FROM ${candidates.at(-1)?.name ?? ''}`,
          `SELECT ${keys.join(', ')}, t, 1, row_id, ${nullRow(fields)}, ${nullRow(order)} FROM labels`,
        ].join('\nUNION ALL\n'),
      },
      { name: 'seen', query: seen },
    ]),
    `SELECT ${columns.join(', ')} FROM seen WHERE _k = 1 AND _r IS NOT NULL`,
  ].join('\n');
}

/**
 * `row_id` of every label at whose very event time its own entity has an event in the view's source that counts by then; each once. No
 * label that lags sees one.
 */
export function ownEventsSql(
  labels: StagedLabels & { readonly view: EntityView; readonly mode: VisibilityMode },
): string {
  const { manifest, database, view } = labels;
  const entity = findEntity(manifest, view.entity);
  const equal = entity.keys.map(({ name }) => `e.${quoted(name)} = l.${quoted(name)}`).join(' AND ');
  const events = eventsSelect({ database, source: findRowSource(manifest, view.source), entity }, labels);
  return [
    withClause([labelsTable(entity, labels)]),
    `SELECT DISTINCT l.row_id FROM labels l JOIN (\n${events}\n) e ON ${equal} AND e._t = l."at" AND e._from <= l.t`,
  ].join('\n');
}

/** Keys, `_t` and `_from` of a source's events at labels' times. */
function eventsSelect(
  on: { readonly database: string; readonly source: RowSource; readonly entity: Entity },
  {
    mode,
    eventTimeRangeMillis: { min, max },
  }: Pick<StagedLabels, 'eventTimeRangeMillis'> & { readonly mode: VisibilityMode },
): string {
  const { database, source, entity } = on;
  if (source.kind === 'stream')
    return eventRowsSelect(
      { database, source, entity },
      { columns: [], mode, bounds: { minEventMillis: min, maxFromMillis: max } },
    );
  const eventTime = quoted(source.eventTime ?? '');
  const millis = toMillis(eventTime);
  const { partitionedBy } = source;
  const dates = partitionedBy?.of === source.eventTime ? quoted(partitionedBy?.column ?? '') : undefined;
  const conditions = [
    ...(dates === undefined ? [] : [`${dates} BETWEEN ${text(dateText(min))} AND ${text(dateText(max))}`]),
    `${eventTime} BETWEEN ${instant(min)} AND ${instant(max)}`,
  ];
  return [
    `SELECT ${entity.keys.map(({ name }) => quoted(name)).join(', ')}, ${millis} AS _t, ${millis} AS _from`,
    `FROM ${table(database, tableNames.source(source))}`,
    `WHERE ${conditions.join(' AND ')}`,
  ].join('\n');
}
