import { sourceFolder } from '#engine/source-folder.ts';
import { findEntity, findParquetSource, viewId } from '#spec/find.ts';
import type { BatchView, Manifest, ParquetSource, StoredView, TableView } from '#spec/manifest.ts';
import { batchRowsSql } from '#sql/batch-rows-sql.ts';
import { onlineSelectionSql } from '#sql/online-selection-sql.ts';
import { tableSelectionSql } from '#sql/table-selection-sql.ts';
import type { ObjectInfo } from '#store/objects.ts';
import { hullOf, type Interval, intersectionOf, unionOf } from './intervals.ts';
import { planBatchRun } from './plan-batch-run.ts';
import { planTableRun } from './plan-table-run.ts';
import { chunkQuery, selectionQuery } from './run-files.ts';
import type { RunPlan } from './run-plan.ts';
import type { RunPorts } from './run-ports.ts';
import { batchState, type RunState, tableState } from './run-state.ts';

/** A plan and the SELECTs that go with it, by name (run-files.ts). */
export interface RunDraft {
  readonly plan: RunPlan;
  readonly statements: ReadonlyMap<string, string>;
}

export interface DraftRequest {
  readonly view: StoredView;
  readonly state: RunState;
  readonly run: number;
  readonly execution: string;
  readonly requested: RunPlan['requested'];
  readonly nowMillis: number;
}

type DraftPorts = Pick<RunPorts, 'manifest' | 'database' | 'objects' | 'openBucket'>;

/** What a run has to do, given the state that earlier ones left; undefined when there is nothing. */
export async function draftRun(ports: DraftPorts, request: DraftRequest): Promise<RunDraft | undefined> {
  const { view } = request;
  return view.kind === 'batch'
    ? draftBatchRun(ports, { ...request, view })
    : draftTableRun(ports, { ...request, view });
}

/** View, source, entity and database: what every statement needs. */
export function tablesOf<TView extends StoredView>(
  { manifest, database }: { readonly manifest: Manifest; readonly database: string },
  view: TView,
): {
  readonly database: string;
  readonly view: TView;
  readonly source: ParquetSource;
  readonly entity: ReturnType<typeof findEntity>;
} {
  return {
    database,
    view,
    source: findParquetSource(manifest, view.source),
    entity: findEntity(manifest, view.entity),
  };
}

const shared = ({ view, run, execution, requested, nowMillis }: DraftRequest) => ({
  view: viewId(view),
  run,
  execution,
  requested,
  nowMillis,
});

function draftBatchRun(ports: DraftPorts, request: DraftRequest & { readonly view: BatchView }): RunDraft | undefined {
  const { view, requested, nowMillis } = request;
  const state = batchState(request.state);
  const { ticks, tickCount, chunks } = planBatchRun({ view, covered: state.covered, nowMillis, ...requested });
  const selection = view.online ? hullOf(unionOf(state.onlinePending, ticks)) : undefined;
  if (chunks.length === 0 && !selection) return undefined;
  const tables = tablesOf(ports, view);
  const statements = new Map(
    chunks.map((chunk) => [
      chunkQuery(chunk.number),
      batchRowsSql({ ...tables, ...chunk, covered: intersectionOf(state.covered, [chunk]) }),
    ]),
  );
  // With chunks the selection is written at publication: only then is it known from when on their rows are visible.
  if (selection && chunks.length === 0)
    statements.set(selectionQuery, onlineSelectionSql({ ...tables, ...selection, nowMillis }));
  return {
    plan: {
      kind: 'batch',
      ...shared(request),
      ticks: [...ticks],
      tickCount,
      chunks: [...chunks],
      ...(selection ? { selection } : {}),
    },
    statements,
  };
}

/** The selection of a batch view's rows for the online store, as visible at an instant. */
export const batchSelectionSql = (
  ports: Pick<RunPorts, 'manifest' | 'database'>,
  view: BatchView,
  at: Interval & { readonly nowMillis: number },
): string => onlineSelectionSql({ ...tablesOf(ports, view), ...at });

async function draftTableRun(
  ports: DraftPorts,
  request: DraftRequest & { readonly view: TableView },
): Promise<RunDraft | undefined> {
  const { view, requested, nowMillis } = request;
  // Without an online store there is nothing to move: the source's rows are the feature rows.
  if (!view.online) return undefined;
  const tables = tablesOf(ports, view);
  const { objects, prefix } = sourceFolder(ports, tables.source.location);
  const found: ObjectInfo[] = [];
  for await (const object of objects.list(prefix)) found.push(object);
  const planned = planTableRun({
    state: tableState(request.state),
    found,
    isStatic: tables.source.eventTime === undefined,
    // The online store holds the newest row of an entity only, so an interval can ask for no more than reading all again.
    readAll: requested.fromMillis !== undefined || requested.toMillis !== undefined,
  });
  if (planned.nothingToDo) return undefined;
  const { newObjects, visibleAfterMillis } = planned;
  const uris = newObjects === 'all' ? newObjects : newObjects.map((key) => objects.uri(key));
  const sql = tableSelectionSql({ ...tables, newObjects: uris, visibleAfterMillis, nowMillis });
  return {
    plan: { kind: 'table', ...shared(request), newObjects: planned.newObjectCount, objects: planned.objects },
    statements: new Map([[selectionQuery, sql]]),
  };
}
