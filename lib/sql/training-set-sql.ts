import type { VisibilityMode } from '#semantics/visibility.ts';
import { findEntity } from '#spec/find.ts';
import { spineKeyColumn, tableNames } from '#spec/layout.ts';
import type { Entity, EntityView, Manifest, StoredView, StreamView } from '#spec/manifest.ts';
import { emptyValue } from './aggregate-value.ts';
import { type CommonTable, withClause } from './common-table.ts';
import { eventsOf } from './event-rows.ts';
import { labelRowTables, rowFieldNames, rowStates, type StoredSelection } from './label-rows.ts';
import { pointsTable } from './label-spans.ts';
import { emptyMarks, streamWindowTables } from './stream-windows.ts';
import { bigint, quoted, table, text } from './text.ts';
import { literal } from './types.ts';

export { rowStates };

/** A view of an entity and the features of it that are wanted, in any order. */
export interface ViewSelection {
  readonly view: EntityView;
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

const viewName = (view: EntityView): string => `${view.name}_v${view.version}`;
/** Result column of a view's row state (rowStates); a stream view, which always has windows, is always present. */
export const stateColumn = (view: EntityView): string => `_state_${viewName(view)}`;
export const marksColumn = (view: EntityView): string => `_marks_${viewName(view)}`;
/** Result column of a feature. */
export const valueColumn = (view: EntityView, feature: string): string => `${viewName(view)}__${feature}`;

/** What the statement adds of some views: common tables, joins to the spine (s), and the result columns by view. */
interface Joined {
  readonly tables: readonly CommonTable[];
  readonly joins: readonly string[];
  readonly columns: ReadonlyMap<EntityView, readonly string[]>;
}

/**
 * The point-in-time join: for each staged spine row (row_id) and each view the greatest visible row at its time, or the windows of a stream at its
 * time, with the state and the wanted features with TTL and defaults applied; `part` last. Rows of stored views are sorted beside the labels and
 * never paired with them, so the work is linear in history. One row out per spine row.
 */
export function trainingSetSql(options: TrainingSetSqlOptions): string {
  const { tables, select } = trainingSetQuery(options);
  return `${withClause(tables)}\n${select}`;
}

/** The parts of trainingSetSql: the common tables, and the SELECT over them. */
export function trainingSetQuery(options: TrainingSetSqlOptions): {
  readonly tables: readonly CommonTable[];
  readonly select: string;
} {
  const { manifest, views } = options;
  const entities = [...new Set(views.map(({ view }) => view.entity))].map((name) => findEntity(manifest, name));
  const joined = [
    ...entities.map((entity, index) => storedViews(entity, `_${index}`, options)),
    ...entities.map((entity, index) => streamViews(entity, `_${index}`, options)),
  ];
  const columns = views.flatMap(({ view }) => joined.flatMap((own) => own.columns.get(view) ?? []));
  const select = [
    `SELECT s.row_id${columns.map((column) => `,\n  ${column}`).join('')},\n  s."part"`,
    'FROM spine s',
    ...joined.flatMap(({ joins }) => joins),
  ].join('\n');
  return { tables: [spineTable(entities, options), ...joined.flatMap(({ tables }) => tables)], select };
}

function spineTable(entities: readonly Entity[], options: TrainingSetSqlOptions): CommonTable {
  const { database, lagMillis, dataset, parts } = options;
  const keys = entities.flatMap((entity) => entity.keys.map((key) => quoted(spineKeyColumn(entity.name, key.name))));
  return {
    name: 'spine',
    query: [
      `SELECT row_id, "part", event_time_ms - ${bigint(lagMillis)} AS t${keys.map((column) => `, ${column}`).join('')}`,
      `FROM ${table(database, tableNames.spines)}`,
      `WHERE "dataset" = ${text(dataset)} AND "part" BETWEEN ${parts.first} AND ${parts.last}`,
    ].join('\n'),
  };
}

const instants = ({ lagMillis, eventTimeRangeMillis: { min, max } }: TrainingSetSqlOptions) => ({
  min: min - lagMillis,
  max: max - lagMillis,
});

/** Views of an entity with stored rows. */
function storedViews(entity: Entity, suffix: string, options: TrainingSetSqlOptions): Joined {
  const selections = options.views.flatMap(({ view, features }): StoredSelection[] =>
    view.kind !== 'stream' && view.entity === entity.name ? [{ view, features }] : [],
  );
  if (selections.length === 0) return { tables: [], joins: [], columns: new Map() };
  const { exactStates = false } = options;
  const tables = labelRowTables(
    entity,
    { selections, suffix },
    { ...options, exactStates, atMillis: instants(options) },
  );
  return {
    tables,
    joins: [`LEFT JOIN ${tables.at(-1)?.name ?? ''} j${suffix} ON j${suffix}._row = s.row_id`],
    columns: new Map(
      selections.map((selection, position) => [
        selection.view,
        storedColumns(selection, { state: `j${suffix}._s${position}`, row: `j${suffix}._r${position}` }, options),
      ]),
    ),
  };
}

function storedColumns(
  { view, features }: StoredSelection,
  { state, row }: { readonly state: string; readonly row: string },
  { withMarks = false }: TrainingSetSqlOptions,
): string[] {
  const ifPresent = (value: string, otherwise = ''): string =>
    `CASE WHEN ${state} = ${rowStates.present} THEN ${row}.${value}${otherwise} END`;
  return [
    `COALESCE(${state}, ${rowStates.missing}) AS ${quoted(stateColumn(view))}`,
    ...(withMarks ? [`${ifPresent(rowFieldNames.marks)} AS ${quoted(marksColumn(view))}`] : []),
    ...features.map((feature, at) => {
      const value = ifPresent(rowFieldNames.feature(at), ` ELSE ${defaultLiteral(view, feature)}`);
      return `${value} AS ${quoted(valueColumn(view, feature))}`;
    }),
  ];
}

function defaultLiteral(view: StoredView, feature: string): string {
  const declared = view.features.find(({ name }) => name === feature);
  return literal(declared?.default, declared?.type ?? 'string');
}

/** Stream views of an entity: windows at its labels. */
function streamViews(entity: Entity, suffix: string, options: TrainingSetSqlOptions): Joined {
  const { mode, withMarks = false } = options;
  const selections = options.views.flatMap(({ view, features }) =>
    view.kind === 'stream' && view.entity === entity.name ? [{ view, features }] : [],
  );
  if (selections.length === 0) return { tables: [], joins: [], columns: new Map() };
  const points = pointsTable(entity, `points${suffix}`);
  const views = selections.map(({ view, features }, position) => {
    const own = `${suffix}_${position}`;
    const on = eventsOf(options, view);
    const at = { points: points.name, atMillis: instants(options), suffix: own };
    const tables = streamWindowTables({ on, view, features, withMarks, mode, ...at });
    const keys = entity.keys.map(
      ({ name }) => `v${own}.${quoted(name)} = s.${quoted(spineKeyColumn(entity.name, name))}`,
    );
    return {
      view,
      tables,
      join: `LEFT JOIN ${tables.at(-1)?.name ?? ''} v${own} ON ${[...keys, `v${own}._at = s.t`].join(' AND ')}`,
      columns: windowColumns({ view, features }, `v${own}`, withMarks),
    };
  });
  return {
    tables: [points, ...views.flatMap(({ tables }) => tables)],
    joins: views.map(({ join }) => join),
    columns: new Map(views.map(({ view, columns }) => [view, columns])),
  };
}

/** A label without a key matches nothing: its windows are empty. */
function windowColumns(
  { view, features }: { readonly view: StreamView; readonly features: readonly string[] },
  windows: string,
  withMarks: boolean,
): string[] {
  const orEmpty = (column: string, empty: string): string =>
    `CASE WHEN ${windows}._at IS NULL THEN ${empty} ELSE ${windows}.${column} END`;
  return [
    `${rowStates.present} AS ${quoted(stateColumn(view))}`,
    ...(withMarks ? [`${orEmpty('_marks', text(emptyMarks(view)))} AS ${quoted(marksColumn(view))}`] : []),
    ...features.map((feature) => {
      const declared = view.features.find(({ name }) => name === feature);
      const empty = declared ? emptyValue(declared) : 'NULL';
      return `${orEmpty(quoted(feature), empty)} AS ${quoted(valueColumn(view, feature))}`;
    }),
  ];
}
