import * as z from 'zod/mini';
import { readJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { StoredView } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';
import { intervalSchema } from './intervals.ts';
import { superseded } from './run-lock.ts';

/** What a batch view's runs have achieved. `fence` is the greatest run that has claimed the file: lesser ones may not write it. */
export const batchStateSchema = z.strictObject({
  kind: z.literal('batch'),
  fence: z.int(),
  /** The last run whose publication is counted in `covered`; 0 before the first. */
  publishedRun: z.int(),
  /** Published ticks, sorted, disjoint. */
  covered: z.array(intervalSchema),
  /** Published ticks whose rows may not be in the online store yet. */
  onlinePending: z.array(intervalSchema),
});

/** What a table view's runs have read into the online store. */
export const tableStateSchema = z.strictObject({
  kind: z.literal('table'),
  fence: z.int(),
  /** Etag by key of each source object whose visible rows are online. */
  objects: z.record(z.string(), z.string()),
  /** Rows of those objects were taken if visible at this instant (epoch milliseconds); null before the first run. */
  visibleMillis: z.nullable(z.int()),
});

const stateSchema = z.discriminatedUnion('kind', [batchStateSchema, tableStateSchema]);
export type BatchState = z.infer<typeof batchStateSchema>;
export type TableState = z.infer<typeof tableStateSchema>;
export type RunState = z.infer<typeof stateSchema>;

const emptyState = (view: StoredView): RunState =>
  view.kind === 'batch'
    ? { kind: 'batch', fence: 0, publishedRun: 0, covered: [], onlinePending: [] }
    : { kind: 'table', fence: 0, objects: {}, visibleMillis: null };

async function readWithEtag(
  objects: Pick<Objects, 'get'>,
  view: StoredView,
): Promise<{ readonly state: RunState; readonly etag: string | undefined }> {
  const key = objectKeys.state(view);
  const found = await readJson(objects, key, stateSchema);
  if (!found) return { state: emptyState(view), etag: undefined };
  if (found.value.kind !== view.kind)
    throw new TidemarkError(
      'materialize.kindChanged',
      `${viewId(view)} is a ${view.kind} view, but its runs so far were those of a ${found.value.kind} view; give the changed view a new version`,
      { kind: 'conflict', details: { view: viewId(view), key } },
    );
  return { state: found.value, etag: found.etag };
}

/** State of a view version; empty before its first run. Throws materialize.kindChanged, engine.badFile. */
export const readState = async (objects: Pick<Objects, 'get'>, view: StoredView): Promise<RunState> =>
  (await readWithEtag(objects, view)).state;

export interface StateChange {
  readonly view: StoredView;
  /** The run that changes the state: its number. */
  readonly run: number;
  /** The state after the change; its `fence` is set by updateState. May be called again after a lost race. */
  readonly change: (state: RunState) => RunState;
}

/**
 * Replaces the state by one conditional PUT, again after a lost race. Throws materialize.superseded once a greater run has claimed
 * the state: from then on no write of this run can succeed, even one that was under way.
 */
export async function updateState(
  objects: Pick<Objects, 'get' | 'put'>,
  { view, run, change }: StateChange,
): Promise<RunState> {
  const key = objectKeys.state(view);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const { state, etag } = await readWithEtag(objects, view);
    if (state.fence > run) throw superseded(view, run);
    const next = { ...change(state), fence: run };
    const condition = etag === undefined ? ({ ifAbsent: true } as const) : { ifMatch: etag };
    if ((await objects.put(key, JSON.stringify(next), condition)) !== undefined) return next;
  }
  throw new TidemarkError('materialize.contended', `${key} was replaced by others 10 times in a row; run again`, {
    kind: 'unavailable',
    details: { key },
  });
}

/** Narrows a state to the kind of its view, which readState has checked. */
export function batchState(state: RunState): BatchState {
  if (state.kind === 'batch') return state;
  throw new TypeError('a batch view has the state of a batch view');
}

export function tableState(state: RunState): TableState {
  if (state.kind === 'table') return state;
  throw new TypeError('a table view has the state of a table view');
}
