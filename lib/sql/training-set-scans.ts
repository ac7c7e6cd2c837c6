import { findEntity, findRowSource } from '#spec/find.ts';
import { eventColumns, systemColumns, tableNames } from '#spec/layout.ts';
import type { BatchView, EntityView, ParquetSource, StreamSource, TableView } from '#spec/manifest.ts';
import type { DateRange } from './date-range.ts';
import { dropsCopies, type EventRowsOptions, historyDates, logDates } from './event-rows.ts';
import { boundedDates, tableEvents } from './feature-rows.ts';
import { featuresRead, seenBounds } from './label-rows.ts';
import { queryShape } from './query-shape.ts';
import { windowEvents } from './stream-windows.ts';
import { table } from './text.ts';
import { type TrainingSetSqlOptions, trainingSetQuery, type ViewSelection } from './training-set-sql.ts';

/** One table that the statement of a training set reads for a view. */
export interface TableScan {
  /** Name in Glue. */
  readonly table: string;
  /** What lies in it: published feature rows, what is published of them, a source's rows, a stream's log or history. */
  readonly of: 'rows' | 'published' | 'source' | 'events' | 'history';
  /** Columns read, partition columns left out, each once. */
  readonly columns: readonly string[];
  /** Column of UTC dates by which the table is partitioned, and the dates that are left to read. Absent: nothing is pruned. */
  readonly partition?: { readonly column: string; readonly dates: DateRange };
  /** How often the statement scans it once common tables are written out, as Athena does. */
  readonly scans: number;
}

export interface ViewScans {
  readonly view: EntityView;
  readonly tables: readonly TableScan[];
  /** Sorts of window functions over rows and labels; stored views of one entity share their second one. */
  readonly sortedPasses: number;
}

/** How often the statement of a training set scans the staged spine. */
export const spineScansOf = (options: TrainingSetSqlOptions): number =>
  queryShape(trainingSetQuery(options)).scansOf(table(options.database, tableNames.spines));

type ScanWithoutCount = Omit<TableScan, 'scans'>;

/** What a statement of trainingSetSql reads, by view: the bounds and columns are those of its text. */
export const trainingSetScans = (options: TrainingSetSqlOptions): readonly ViewScans[] =>
  options.views.map((selection) => {
    const shape = queryShape(trainingSetQuery({ ...options, views: [selection] }));
    return {
      view: selection.view,
      tables: tablesOf(selection, options).map((scan) => ({
        ...scan,
        columns: [...new Set(scan.columns)].filter((column) => column !== scan.partition?.column),
        scans: shape.scansOf(table(options.database, scan.table)),
      })),
      sortedPasses: shape.sortedPasses,
    };
  });

function tablesOf({ view, features }: ViewSelection, options: TrainingSetSqlOptions): readonly ScanWithoutCount[] {
  const { manifest, mode, lagMillis, eventTimeRangeMillis, withMarks = false, exactStates = false } = options;
  const atMillis = { min: eventTimeRangeMillis.min - lagMillis, max: eventTimeRangeMillis.max - lagMillis };
  const source = findRowSource(manifest, view.source);
  const keys = findEntity(manifest, view.entity).keys.map(({ name }) => name);
  if (view.kind === 'stream') {
    if (source.kind !== 'stream') return [];
    const wanted = view.features.filter(({ name }) => withMarks || features.includes(name));
    return eventTables(source, keys, windowEvents({ features: wanted, schema: source.schema }, { mode, atMillis }));
  }
  const bounds = seenBounds({ view, source }, { atMillis, exactStates });
  const read = featuresRead({ view, features });
  if (view.kind === 'batch') return batchTables(view, [...keys, ...read], { mode, dates: boundedDates(bounds) });
  return source.kind === 'stream'
    ? eventTables(source, keys, tableEvents({ view, source }, { features: read, mode, bounds }))
    : [sourceTable({ view, source }, keys, boundedDates(bounds))];
}

function batchTables(
  view: BatchView,
  columns: readonly string[],
  { mode, dates }: { readonly mode: TrainingSetSqlOptions['mode']; readonly dates: DateRange },
): readonly ScanWithoutCount[] {
  const [replaces, publishedAt] = mode === 'eventTime' ? [[], []] : [[systemColumns.replaces], ['published_at']];
  return [
    {
      table: tableNames.rows(view),
      of: 'rows',
      columns: [...columns, systemColumns.eventTime, systemColumns.marks, ...replaces],
      partition: { column: 'dt', dates },
    },
    { table: tableNames.published(view), of: 'published', columns: ['dt', 'run', ...publishedAt] },
  ];
}

function sourceTable(
  { view, source }: { readonly view: TableView; readonly source: ParquetSource },
  keys: readonly string[],
  dates: DateRange,
): ScanWithoutCount {
  const { partitionedBy, eventTime, createdTime, deleted } = source;
  const times = [eventTime, createdTime, deleted].filter((name) => name !== undefined);
  return {
    table: tableNames.source(source),
    of: 'source',
    columns: [...keys, ...times, ...view.features.map(({ column }) => column)],
    // a partition of anything but the event time may hold any time
    ...(partitionedBy
      ? { partition: { column: partitionedBy.column, dates: partitionedBy.of === eventTime ? dates : {} } }
      : {}),
  };
}

function eventTables(
  source: StreamSource,
  keys: readonly string[],
  events: EventRowsOptions,
): readonly ScanWithoutCount[] {
  const { columns, hashed = [], bounds = {} } = events;
  const read = [...keys, ...columns, ...hashed.map((column) => eventColumns.hash(column))];
  const order = dropsCopies(source, events) ? [eventColumns.shard, eventColumns.sequence] : [];
  const log: ScanWithoutCount = {
    table: tableNames.events(source),
    of: 'events',
    columns: [...read, eventColumns.eventTime, eventColumns.arrivalTime, eventColumns.fingerprint, ...order],
    partition: { column: 'dt', dates: logDates(source, events) },
  };
  const { history } = source;
  if (!history) return [log];
  const { partitionedBy } = history;
  const dates = historyDates(source, bounds);
  return [
    {
      table: tableNames.source(source),
      of: 'history',
      columns: [...read, source.eventTime],
      ...(partitionedBy ? { partition: { column: partitionedBy.column, dates } } : {}),
    },
    log,
  ];
}
