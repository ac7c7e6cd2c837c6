import type { WantedColumn } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { unloadedColumns } from '#engine/unloaded-columns.ts';
import { viewId } from '#spec/find.ts';
import { objectKeys, spineKeyColumn } from '#spec/layout.ts';
import type { Entity, EntityView, Manifest, StreamSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { arrivalsNearSql } from '#sql/arrivals-near-sql.ts';
import { statementViews } from '#sql/statement-views.ts';
import { marksColumn, stateColumn, trainingSetSql, valueColumn } from '#sql/training-set-sql.ts';
import type { Objects } from '#store/objects.ts';
import type { SqlEngine } from '#store/sql-engine.ts';
import type { OfflineView, VerifyRow } from './verify.ts';

export interface OfflinePorts {
  readonly manifest: Manifest;
  /** Glue database of the deployment. */
  readonly database: string;
  readonly objects: Objects;
  readonly sql: SqlEngine;
}

export interface ServedEntities {
  readonly entity: Entity;
  /** Views of that entity. */
  readonly views: readonly EntityView[];
  readonly served: readonly Pick<VerifyRow, 'entity' | 'asOfMillis'>[];
  /** Of this question alone: it names the folders of what is staged and unloaded. */
  readonly id: string;
}

/** What the point-in-time join says of each served entity at its answer's instant, by `view@version`; in the order of `served`. */
export async function offlineRows(ports: OfflinePorts, asked: ServedEntities): Promise<Record<string, OfflineView>[]> {
  await ports.objects.put(
    `${objectKeys.spineParts(datasetOf(asked))}part=0/spine.parquet`,
    writeParquet(spineColumns(asked)),
  );
  const rows: Record<string, OfflineView>[] = asked.served.map(() => ({}));
  const groups = statementViews(asked.views.map((view) => ({ view })));
  for (const [group, own] of groups.entries()) {
    const views = own.map(({ view }) => view);
    const { rowIds, columns } = await joinedColumns(ports, { ...asked, views }, group);
    rowIds.forEach((rowId, at) => {
      Object.assign(rows[Number(rowId)] ?? {}, viewsAt(views, columns, at));
    });
  }
  return rows;
}

/** The join of some views: row numbers, and per view its state, marks and features. */
async function joinedColumns(
  ports: OfflinePorts,
  asked: ServedEntities,
  group: number,
): Promise<{ readonly rowIds: readonly Value[]; readonly columns: readonly (readonly Value[])[] }> {
  const { entity, views, id } = asked;
  const select = trainingSetSql({
    database: ports.database,
    manifest: ports.manifest,
    views: views.map((view) => ({ view, features: view.features.map(({ name }) => name) })),
    mode: 'asServed',
    lagMillis: 0,
    dataset: datasetOf(asked),
    parts: { first: 0, last: 0 },
    eventTimeRangeMillis: rangeOf(asked),
    withMarks: true,
    exactStates: true,
  });
  const wanted: WantedColumn[] = [
    { name: 'row_id', as: 'int64' },
    ...views.flatMap((view): WantedColumn[] => [
      { name: stateColumn(view), as: 'int32' },
      { name: marksColumn(view), as: 'string' },
      ...view.features.map(({ name, type }) => ({ name: valueColumn(view, name), as: type })),
    ]),
  ];
  const folder = `verify/${id}/${entity.name}-rows-${group}`;
  const [rowIds = [], ...columns] = await unloadedColumns(ports, { select, wanted, folder });
  return { rowIds, columns };
}

/** Longest that an event may take from its arrival to the item where nothing else is said: beyond it is an outage, not a delay. */
const outageMillis = 600_000;
/** An answer's instant is taken before its items are read: what is applied in between is in them. */
const longestReadMillis = 5_000;

/** Indexes of the answers, of whose entities offlineRows has been asked, near which events arrived: those may have been on their way. */
export async function answersNearArrivals(
  ports: OfflinePorts,
  asked: ServedEntities & { readonly streams: readonly StreamSource[]; readonly longestDelayMillis?: number },
): Promise<ReadonlySet<number>> {
  const { entity, streams, id, longestDelayMillis = outageMillis } = asked;
  const { min, max } = rangeOf(asked);
  const select = arrivalsNearSql({
    database: ports.database,
    entity,
    sources: streams,
    dataset: datasetOf(asked),
    labels: { minMillis: min, maxMillis: max },
    beforeMillis: longestDelayMillis,
    afterMillis: longestReadMillis,
  });
  const wanted: WantedColumn[] = [{ name: 'row_id', as: 'int64' }];
  const [rowIds = []] = await unloadedColumns(ports, {
    select,
    wanted,
    folder: `verify/${id}/${entity.name}-arrivals`,
  });
  return new Set(rowIds.map(Number));
}

const datasetOf = ({ entity, id }: ServedEntities): string => `verify-${id}-${entity.name.replaceAll('_', '-')}`;

const rangeOf = ({ served }: ServedEntities): { min: number; max: number } =>
  served.reduce(
    ({ min, max }, { asOfMillis }) => ({ min: Math.min(min, asOfMillis), max: Math.max(max, asOfMillis) }),
    { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
  );

function spineColumns({ entity, served }: ServedEntities): TypedColumn[] {
  return [
    { name: 'row_id', type: 'int64', values: served.map((_, at) => BigInt(at)) },
    { name: 'event_time_ms', type: 'int64', values: served.map(({ asOfMillis }) => BigInt(asOfMillis)) },
    ...entity.keys.map(({ name, type }) => ({
      name: spineKeyColumn(entity.name, name),
      type,
      values: served.map((row) => row.entity[name] ?? null),
    })),
  ];
}

/** Row `at` of the join's columns, which come view by view: state, marks, features. */
function viewsAt(
  views: readonly EntityView[],
  columns: readonly (readonly Value[])[],
  at: number,
): Record<string, OfflineView> {
  let next = 0;
  const cell = (): Value => columns[next++]?.[at] ?? null;
  return Object.fromEntries(
    views.map((view) => {
      const [state, marks] = [Number(cell()), cell()];
      const values = Object.fromEntries(view.features.map(({ name }) => [name, cell()]));
      return [viewId(view), { state, marks: typeof marks === 'string' ? marks : null, values }];
    }),
  );
}
