import type { VisibilityMode } from '#semantics/visibility.ts';
import { systemColumns, tableNames } from '#spec/layout.ts';
import type {
  BatchView,
  Entity,
  ParquetSource,
  RowSource,
  StoredView,
  StreamSource,
  TableView,
} from '#spec/manifest.ts';
import type { FeatureType } from '#spec/value-type.ts';
import { type DateRange, datesWithin } from './date-range.ts';
import { type EventRowsOptions, eventRowsSelect } from './event-rows.ts';
import { columnOrder, type OrderField } from './row-order.ts';
import { bigint, dateText, instant, quoted, table, toMillis } from './text.ts';
import { withoutNegativeZero } from './types.ts';

export interface ViewOnTables {
  readonly database: string;
  readonly view: StoredView;
  readonly source: RowSource;
  readonly entity: Entity;
}

/**
 * Bounds in epoch milliseconds, all inclusive; absent: unbounded. They only prune: the caller still applies its own rule. Of a table over a
 * stream maxEventMillis bounds the instant from which a row counts (as served its arrival), which never comes before its event time.
 */
export interface RowBounds {
  readonly minEventMillis?: number;
  readonly maxEventMillis?: number;
}

/**
 * SELECT of a view's feature rows under fixed column names: the entity's keys by name, _event_ms, _created_ms, _run, _visible_ms (bigint, not
 * null), _deleted (boolean), _marks (varchar) and the chosen features by name. Rows with a null key or event time are left out.
 */
export function featureRowsSelect(
  on: ViewOnTables,
  options: {
    readonly features: readonly string[];
    readonly mode: VisibilityMode;
    readonly bounds?: RowBounds;
    readonly filter?: string;
  },
): string {
  const { view, source } = on;
  if (view.kind === 'batch') return batchRows({ ...on, view }, options);
  return source.kind === 'stream'
    ? streamTableRows({ ...on, view, source }, options)
    : parquetTableRows({ ...on, view, source }, options);
}

type SelectOptions = Parameters<typeof featureRowsSelect>[1];

function batchRows(on: ViewOnTables & { view: BatchView }, { features, mode, bounds, filter }: SelectOptions): string {
  const { database, view, entity } = on;
  const eventMillis = toMillis(`r.${quoted(systemColumns.eventTime)}`);
  const available = `${eventMillis} + ${bigint(view.delayMillis)}`;
  const served = `CASE WHEN r.${quoted(systemColumns.replaces)} THEN greatest(${available}, ${toMillis('p."published_at"')}) ELSE ${available} END`;
  const columns = [
    ...entity.keys.map((key) => `r.${quoted(key.name)}`),
    `${eventMillis} AS _event_ms`,
    `${eventMillis} AS _created_ms`,
    'r."run" AS _run',
    `${mode === 'eventTime' ? eventMillis : served} AS _visible_ms`,
    'false AS _deleted',
    `r.${quoted(systemColumns.marks)} AS _marks`,
    ...features.map((feature) => `r.${quoted(feature)}`),
  ];
  const conditions = [
    ...dateBounds('r."dt"', bounds),
    ...dateBounds('p."dt"', bounds),
    ...instantBounds(`r.${quoted(systemColumns.eventTime)}`, bounds),
    ...(filter ? [filter] : []),
  ];
  return [
    `SELECT ${columns.join(', ')}`,
    `FROM ${table(database, tableNames.rows(view))} r`,
    `JOIN ${table(database, tableNames.published(view))} p ON p."dt" = r."dt" AND p."run" = r."run"`,
    ...(conditions.length > 0 ? [`WHERE ${conditions.join(' AND ')}`] : []),
  ].join('\n');
}

function parquetTableRows(
  on: ViewOnTables & { view: TableView; source: ParquetSource },
  { features, mode, bounds, filter }: SelectOptions,
): string {
  const { database, view, source, entity } = on;
  const eventMillis = source.eventTime ? toMillis(quoted(source.eventTime)) : bigint(0);
  const createdMillis = source.createdTime
    ? `COALESCE(${toMillis(quoted(source.createdTime))}, ${eventMillis})`
    : eventMillis;
  const visible = {
    asServed: `${eventMillis} + ${bigint(view.delayMillis)}`,
    eventTime: eventMillis,
    knowledgeTime: `greatest(${eventMillis}, ${createdMillis})`,
  }[mode];
  const columns = [
    ...entity.keys.map((key) => quoted(key.name)),
    `${eventMillis} AS _event_ms`,
    `${createdMillis} AS _created_ms`,
    `${bigint(0)} AS _run`,
    // Static rows are always visible: before every instant that a label can have.
    `${source.eventTime ? visible : bigint(staticVisibleMillis)} AS _visible_ms`,
    `${source.deleted ? `COALESCE(${quoted(source.deleted)}, false)` : 'false'} AS _deleted`,
    'CAST(NULL AS varchar) AS _marks',
    ...featureColumns(view, features),
  ];
  const partition = source.partitionedBy;
  const conditions = [
    ...(partition && partition.of === source.eventTime ? dateBounds(quoted(partition.column), bounds) : []),
    ...(source.eventTime ? instantBounds(quoted(source.eventTime), bounds) : []),
    ...entity.keys.map((key) => `${quoted(key.name)} IS NOT NULL`),
    ...(source.eventTime ? [`${quoted(source.eventTime)} IS NOT NULL`] : []),
    ...(filter ? [filter] : []),
  ];
  return [
    `SELECT ${columns.join(', ')}`,
    `FROM ${table(database, tableNames.source(source))}`,
    `WHERE ${conditions.join(' AND ')}`,
  ].join('\n');
}

/** Wanted features of a table view from their columns, by their names. */
const featureColumns = (view: TableView, wanted: readonly string[]): string[] =>
  wanted.flatMap((feature) =>
    view.features
      .filter(({ name }) => name === feature)
      .map(({ name, column = name, type }) => `${withoutNegativeZero(quoted(column), type)} AS ${quoted(name)}`),
  );

/** The events of a stream as rows: visible once they have arrived. */
function streamTableRows(
  on: ViewOnTables & { view: TableView; source: StreamSource },
  { features, mode, bounds = {}, filter }: SelectOptions,
): string {
  const { view, source, entity } = on;
  const { createdTime, deleted } = source;
  const isByCreation = mode === 'knowledgeTime' && createdTime !== undefined;
  const events = eventRowsSelect(on, tableEvents({ view, source }, { features, mode, bounds }));
  const created = createdTime === undefined ? '_t' : `COALESCE(${toMillis(quoted(createdTime))}, _t)`;
  const visible = isByCreation
    ? `greatest(_t, ${created})`
    : mode === 'eventTime'
      ? '_t'
      : `_from + ${bigint(view.delayMillis)}`;
  const columns = [
    ...entity.keys.map((key) => quoted(key.name)),
    '_t AS _event_ms',
    `${created} AS _created_ms`,
    `${bigint(0)} AS _run`,
    `${visible} AS _visible_ms`,
    `${deleted === undefined ? 'false' : `COALESCE(${quoted(deleted)}, false)`} AS _deleted`,
    'CAST(NULL AS varchar) AS _marks',
    ...featureColumns(view, features),
  ];
  return [`SELECT ${columns.join(', ')}`, `FROM (\n${events}\n) events`, ...(filter ? [`WHERE ${filter}`] : [])].join(
    '\n',
  );
}

/** What a table view reads of its stream's events. */
export function tableEvents(
  { view, source }: { readonly view: TableView; readonly source: StreamSource },
  { features, mode, bounds = {} }: Omit<SelectOptions, 'filter'>,
): EventRowsOptions {
  const columnOf = (feature: string): string => view.features.find(({ name }) => name === feature)?.column ?? feature;
  const { createdTime, deleted } = source;
  return {
    columns: [...features.map(columnOf), ...[createdTime, deleted].filter((name) => name !== undefined)],
    mode: mode === 'knowledgeTime' && createdTime !== undefined ? 'eventTime' : mode,
    copies: 'all',
    bounds: {
      ...(bounds.minEventMillis === undefined ? {} : { minEventMillis: bounds.minEventMillis }),
      ...(bounds.maxEventMillis === undefined ? {} : { maxFromMillis: bounds.maxEventMillis }),
    },
  };
}

/**
 * Columns of featureRowsSelect that follow from the others or never vary, as expressions over the others: what needs them after a sort need not carry
 * them through it.
 */
export function derivedColumns({ view, source }: Pick<ViewOnTables, 'view' | 'source'>): ReadonlyMap<string, string> {
  const ofTable = [
    ['_run', bigint(0)],
    ['_marks', 'CAST(NULL AS varchar)'],
  ] as const;
  const hasCreated = view.kind === 'table' && source.createdTime !== undefined;
  const hasDeleted = view.kind === 'table' && source.deleted !== undefined;
  return new Map([
    ...(hasCreated ? [] : [['_created_ms', '_event_ms'] as const]),
    ...(view.kind === 'table' ? ofTable : []),
    ...(hasDeleted ? [] : [['_deleted', 'false'] as const]),
  ]);
}

/** True for rows without event time, which are visible always. */
export const isStaticView = ({ view, source }: Pick<ViewOnTables, 'view' | 'source'>): boolean =>
  view.kind === 'table' && source.eventTime === undefined;

/** The year 0001 in epoch milliseconds: sorts static rows before every label. */
export const staticVisibleMillis = -62_135_596_800_000;

/** Dates of event times that bounds leave. */
export const boundedDates = ({ minEventMillis, maxEventMillis }: RowBounds): DateRange => ({
  ...(minEventMillis === undefined ? {} : { first: dateText(minEventMillis) }),
  ...(maxEventMillis === undefined ? {} : { last: dateText(maxEventMillis) }),
});

const dateBounds = (column: string, bounds: RowBounds = {}): string[] => datesWithin(column, boundedDates(bounds));

const instantBounds = (column: string, bounds: RowBounds = {}): string[] => [
  ...(bounds.minEventMillis === undefined ? [] : [`${column} >= ${instant(bounds.minEventMillis)}`]),
  ...(bounds.maxEventMillis === undefined ? [] : [`${column} <= ${instant(bounds.maxEventMillis)}`]),
];

/** Order key over the columns of featureRowsSelect. A batch row is unique by (tick, run); table rows go on with every feature. */
export function rowOrderFields(view: StoredView): OrderField[] {
  const times = ['_event_ms', '_created_ms', '_run'].map((expression) => ({ expression, type: 'bigint' }));
  if (view.kind === 'batch') return times;
  const columns = view.features.flatMap((feature) => columnOrder(quoted(feature.name), feature.type));
  return [...times, ...columns, { expression: '_deleted', type: 'boolean' }];
}

/** Types of a view's features by name. */
export const featureTypes = (view: StoredView): ReadonlyMap<string, FeatureType> =>
  new Map(view.features.map(({ name, type }) => [name, type]));
