import { findEntity, findParquetSource } from '#spec/find.ts';
import { spineKeyColumn, tableNames } from '#spec/layout.ts';
import type { Entity, Manifest, StoredView } from '#spec/manifest.ts';
import {
  featureRowsSelect,
  featureTypes,
  rowOrderFields,
  staticVisibleMillis,
  type VisibilityMode,
} from './feature-rows.ts';
import { nullRow, type OrderField, rowOf } from './row-order.ts';
import { bigint, quoted, table, text } from './text.ts';
import { literal, sqlType } from './types.ts';

/** A stored view and the features of it that are wanted, in any order. */
export interface ViewSelection {
  readonly view: StoredView;
  readonly features: readonly string[];
}

export interface TrainingSetSqlOptions {
  readonly database: string;
  readonly manifest: Manifest;
  readonly views: readonly ViewSelection[];
  readonly mode: VisibilityMode;
  /** Every rule is applied at the label's event time minus this. */
  readonly lagMillis: number;
  /** Id under which the spine was staged, and its parts [first, last], both inclusive. */
  readonly dataset: string;
  readonly parts: { readonly first: number; readonly last: number };
  /** Least and greatest event time of those parts, inclusive. */
  readonly eventTimeRangeMillis: { readonly min: number; readonly max: number };
  /** Adds `_marks_<view>_v<n>`, for verification. @default false */
  readonly withMarks?: boolean;
  /** Reads rows of any age, so that an expired row is told from none; otherwise rows beyond every ttl are pruned. @default false */
  readonly exactStates?: boolean;
}

/** States of a view's row at a label: why its features have the values they have. */
export const rowStates = { missing: 0, expired: 1, present: 2, deleted: 3 } as const;

const viewName = (view: StoredView): string => `${view.name}_v${view.version}`;
/** Result column of a view's row state (rowStates). */
export const stateColumn = (view: StoredView): string => `_state_${viewName(view)}`;
export const marksColumn = (view: StoredView): string => `_marks_${viewName(view)}`;
/** Result column of a stored feature. */
export const valueColumn = (view: StoredView, feature: string): string => `${viewName(view)}__${feature}`;

/**
 * The point-in-time join: for each staged spine row (row_id) and each view the greatest visible row at its time, its state, and the wanted
 * features with TTL and defaults applied; `part` last. Views of one entity share one sorted pass over their rows and the labels, so the
 * work is linear in history. One row out per spine row.
 */
export function trainingSetSql(options: TrainingSetSqlOptions): string {
  const { database, manifest, views, lagMillis, dataset, parts } = options;
  const entities = [...new Set(views.map(({ view }) => view.entity))].map((name) => findEntity(manifest, name));
  const keyColumns = entities.flatMap((entity) =>
    entity.keys.map((key) => quoted(spineKeyColumn(entity.name, key.name))),
  );
  const spine = [
    'spine AS (',
    `SELECT row_id, "part", event_time_ms - ${bigint(lagMillis)} AS t${keyColumns.map((column) => `, ${column}`).join('')}`,
    `FROM ${table(database, tableNames.spines)}`,
    `WHERE "dataset" = ${text(dataset)} AND "part" BETWEEN ${parts.first} AND ${parts.last}`,
    ')',
  ].join('\n');
  const blocks = entities.map((entity, index) => entityBlock(entity, index, options));
  const columns = views.flatMap((selection) => resultColumns(selection, entityIndex(entities, selection), options));
  return [
    `WITH ${[spine, ...blocks].join(', ')}`,
    `SELECT s.row_id${columns.map((column) => `,\n  ${column}`).join('')},\n  s."part"`,
    'FROM spine s',
    ...entities.map((_, index) => `LEFT JOIN joined_${index} j${index} ON j${index}._row = s.row_id`),
  ].join('\n');
}

const entityIndex = (entities: readonly Entity[], { view }: ViewSelection): number =>
  entities.findIndex(({ name }) => name === view.entity);

/** Fields of a view's row in the join: _event_ms, deleted, marks, then the wanted features. */
function rowFields({ view, features }: ViewSelection): OrderField[] {
  const types = featureTypes(view);
  return [
    { expression: '_event_ms', type: 'bigint' },
    { expression: '_deleted', type: 'boolean' },
    { expression: '_marks', type: 'varchar' },
    ...features.map((feature) => ({ expression: quoted(feature), type: sqlType(types.get(feature) ?? 'string') })),
  ];
}

/** rows_<i>: the union of labels and feature rows of one entity; joined_<i>: the row of each view that each label sees. */
function entityBlock(entity: Entity, index: number, options: TrainingSetSqlOptions): string {
  const selections = options.views.filter(({ view }) => view.entity === entity.name);
  const keys = entity.keys.map((key) => quoted(key.name));
  const spineKeys = entity.keys.map((key) => quoted(spineKeyColumn(entity.name, key.name)));
  const rowsAndOrders = (own: number): string =>
    selections
      .flatMap((selection, position) => {
        const [fields, order] = [rowFields(selection), rowOrderFields(selection.view)];
        return position === own
          ? [`${rowOf(fields)} AS _r${position}`, `${rowOf(order)} AS _o${position}`]
          : [`${nullRow(fields)} AS _r${position}`, `${nullRow(order)} AS _o${position}`];
      })
      .join(', ');
  const branches = selections.map((selection, position) => {
    const rows = viewRows(selection, options);
    return `SELECT ${keys.join(', ')}, _visible_ms AS _ts, 0 AS _k, CAST(NULL AS bigint) AS _row, ${rowsAndOrders(position)}\nFROM (\n${rows}\n) feature_rows`;
  });
  const labels = `SELECT ${spineKeys.join(', ')}, t, 1, row_id, ${rowsAndOrders(-1)}\nFROM spine WHERE ${spineKeys.map((key) => `${key} IS NOT NULL`).join(' AND ')}`;
  const newest = selections.map((_, position) => `max_by(_r${position}, _o${position}) OVER w AS _r${position}`);
  return [
    `rows_${index} AS (`,
    [...branches, labels].join('\nUNION ALL\n'),
    `), seen_${index} AS (`,
    `SELECT _row, _k, _ts, ${newest.join(', ')}`,
    // _k puts rows before labels of the same instant: a row visible exactly at t counts.
    `FROM rows_${index} WINDOW w AS (PARTITION BY ${keys.join(', ')} ORDER BY _ts, _k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`,
    `), joined_${index} AS (`,
    `SELECT _row, ${selections.map((selection, position) => `${stateOf(selection.view, position)} AS _s${position}, _r${position}`).join(', ')}`,
    `FROM seen_${index} WHERE _k = 1`,
    ')',
  ].join('\n');
}

function stateOf(view: StoredView, position: number): string {
  const row = `_r${position}`;
  const expired =
    view.ttlMillis === undefined ? '' : ` WHEN _ts - ${row}.f0 > ${bigint(view.ttlMillis)} THEN ${rowStates.expired}`;
  return `CASE WHEN ${row} IS NULL THEN ${rowStates.missing} WHEN ${row}.f1 THEN ${rowStates.deleted}${expired} ELSE ${rowStates.present} END`;
}

/** Feature rows that some label of the range can see. */
function viewRows({ view, features }: ViewSelection, options: TrainingSetSqlOptions): string {
  const { manifest, lagMillis, eventTimeRangeMillis: range } = options;
  const on = {
    database: options.database,
    view,
    source: findParquetSource(manifest, view.source),
    entity: findEntity(manifest, view.entity),
  };
  // Tie-breaks of table views compare every feature, so all of them are read.
  const read = view.kind === 'table' ? view.features.map(({ name }) => name) : features;
  const [least, greatest] = [range.min - lagMillis, range.max - lagMillis];
  const isStatic = view.kind === 'table' && on.source.eventTime === undefined;
  // Without a ttl any older row may be the newest; a tombstone or a row older than ttl must still hide what came before it,
  // which it does by being older: everything before it is expired as well.
  const bounds = isStatic
    ? {}
    : {
        ...(view.ttlMillis === undefined || options.exactStates
          ? {}
          : { minEventMillis: Math.max(staticVisibleMillis, least - view.ttlMillis) }),
        maxEventMillis: greatest,
      };
  return featureRowsSelect(on, { features: read, mode: options.mode, bounds });
}

function resultColumns({ view, features }: ViewSelection, index: number, options: TrainingSetSqlOptions): string[] {
  const position = options.views
    .filter((other) => other.view.entity === view.entity)
    .findIndex((other) => other.view === view);
  const [state, row] = [`j${index}._s${position}`, `j${index}._r${position}`];
  const values = features.map((feature, at) => {
    const declared = view.features.find(({ name }) => name === feature);
    const type = declared?.type ?? 'string';
    return `CASE WHEN ${state} = ${rowStates.present} THEN ${row}.f${at + 3} ELSE ${literal(declared?.default, type)} END AS ${quoted(valueColumn(view, feature))}`;
  });
  return [
    `COALESCE(${state}, ${rowStates.missing}) AS ${quoted(stateColumn(view))}`,
    ...(options.withMarks
      ? [`CASE WHEN ${state} = ${rowStates.present} THEN ${row}.f2 END AS ${quoted(marksColumn(view))}`]
      : []),
    ...values,
  ];
}
