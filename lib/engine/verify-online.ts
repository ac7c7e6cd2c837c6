import type { WantedColumn } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { hashOf } from '#spec/canonical-json.ts';
import { findEntity, findParquetSource, viewId } from '#spec/find.ts';
import { objectKeys, spineKeyColumn } from '#spec/layout.ts';
import type { Entity, StoredView } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { entityKeysSql } from '#sql/entity-keys-sql.ts';
import { marksColumn, stateColumn, trainingSetSql, valueColumn } from '#sql/training-set-sql.ts';
import type { Objects } from '#store/objects.ts';
import type { SqlEngine } from '#store/sql-engine.ts';
import { planServing, type ServePlan } from './serve-plan.ts';
import { unloadedColumns } from './unloaded-columns.ts';
import { type OfflineView, type VerifyReport, type VerifyRow, verify } from './verify.ts';

/** Most entities of one request. */
const batchEntities = 100;

/** What serving answered for some entities, all at one instant (epoch milliseconds). */
export interface ServedBatch {
  readonly asOfMillis: number;
  readonly rows: readonly VerifyRow['served'][];
}

export interface VerifyPorts {
  readonly repository: Repository;
  /** Glue database of the deployment. */
  readonly database: string;
  readonly objects: Objects;
  readonly sql: SqlEngine;
  /** Asks the deployment as an inference service would. */
  readonly serve: (
    plan: ServePlan,
    refs: readonly string[],
    entities: readonly VerifyRow['entity'][],
  ) => Promise<ServedBatch>;
}

export interface VerifyRequest {
  readonly entity: string;
  /** Stored views of that entity that are kept online. */
  readonly views: readonly StoredView[];
  /** At most this many entities, chosen by hash of their keys: the same ones each time. */
  readonly limit: number;
  /** Of this verification alone: it names the folders of what is staged and unloaded. */
  readonly id: string;
}

/**
 * Compares every value that is served of an entity's stored views with the offline row that is visible at the very instant of the answer.
 * The offline side is the training-set join, over the served entities as labels.
 */
export async function verifyOnline(ports: VerifyPorts, request: VerifyRequest): Promise<VerifyReport> {
  const entity = findEntity(ports.repository.manifest, request.entity);
  const refs = request.views.flatMap((view) => view.features.map(({ name }) => `${viewId(view)}:${name}`));
  const plan = planServing(ports.repository, { features: refs });
  const entities = await entitiesOf(ports, entity, request);
  const served: Omit<VerifyRow, 'offline' | 'request'>[] = [];
  for (let start = 0; start < entities.length; start += batchEntities) {
    const batch = entities.slice(start, start + batchEntities);
    const { asOfMillis, rows } = await ports.serve(plan, refs, batch);
    batch.forEach((keys, at) => {
      served.push({ entity: keys, asOfMillis, served: rows[at] ?? { values: [], status: [] } });
    });
  }
  if (served.length === 0) return verify(plan, []);
  const offline = await offlineRows(ports, { entity, request, served });
  return verify(
    plan,
    served.map((row, at) => ({ ...row, offline: offline[at] ?? {}, request: {} })),
  );
}

async function entitiesOf(
  ports: VerifyPorts,
  entity: Entity,
  { views, limit, id }: VerifyRequest,
): Promise<VerifyRow['entity'][]> {
  const { manifest } = ports.repository;
  const on = views.map((view) => ({
    database: ports.database,
    view,
    source: findParquetSource(manifest, view.source),
    entity,
  }));
  const wanted = entity.keys.map(({ name, type }): WantedColumn => ({ name, as: type }));
  const columns = await unloadedColumns(ports, {
    select: entityKeysSql(entity, on),
    wanted,
    folder: `verify/${id}/${entity.name}-keys`,
  });
  const count = columns[0]?.length ?? 0;
  const all = Array.from({ length: count }, (_, row) =>
    Object.fromEntries(entity.keys.map(({ name }, at) => [name, columns[at]?.[row] ?? null])),
  );
  const ranked = all
    .map((keys) => ({ keys, rank: hashOf(Object.values(keys).map(String)) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, limit).map(({ keys }) => keys);
}

interface ServedEntities {
  readonly entity: Entity;
  readonly request: VerifyRequest;
  readonly served: readonly Pick<VerifyRow, 'entity' | 'asOfMillis'>[];
}

/** What the point-in-time join says of each served entity at its answer's instant, by `view@version`. */
async function offlineRows(ports: VerifyPorts, asked: ServedEntities): Promise<Record<string, OfflineView>[]> {
  const { request, served } = asked;
  const dataset = `verify-${request.id}-${request.entity.replaceAll('_', '-')}`;
  await ports.objects.put(`${objectKeys.spineParts(dataset)}part=0/spine.parquet`, writeParquet(spineColumns(asked)));
  const instants = served.map(({ asOfMillis }) => asOfMillis);
  const select = trainingSetSql({
    database: ports.database,
    manifest: ports.repository.manifest,
    views: request.views.map((view) => ({ view, features: view.features.map(({ name }) => name) })),
    mode: 'asServed',
    lagMillis: 0,
    dataset,
    parts: { first: 0, last: 0 },
    eventTimeRangeMillis: { min: Math.min(...instants), max: Math.max(...instants) },
    withMarks: true,
    exactStates: true,
  });
  const wanted: WantedColumn[] = [
    { name: 'row_id', as: 'int64' },
    ...request.views.flatMap((view): WantedColumn[] => [
      { name: stateColumn(view), as: 'int32' },
      { name: marksColumn(view), as: 'string' },
      ...view.features.map(({ name, type }) => ({ name: valueColumn(view, name), as: type })),
    ]),
  ];
  const [rowIds = [], ...columns] = await unloadedColumns(ports, {
    select,
    wanted,
    folder: `verify/${request.id}/${request.entity}-rows`,
  });
  const rows: Record<string, OfflineView>[] = served.map(() => ({}));
  rowIds.forEach((rowId, at) => {
    rows[Number(rowId)] = viewsAt(request.views, columns, at);
  });
  return rows;
}

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
  views: readonly StoredView[],
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
