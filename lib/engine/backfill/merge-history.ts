import type { Cut } from '#engine/ingest/cuts.ts';
import { type EntityState, inRun, openItem } from '#engine/ingest/entity-state.ts';
import { type FoldRules, readerSlackMillis } from '#engine/ingest/fold-events.ts';
import type { WindowedView } from '#engine/ingest/source-views.ts';
import { greatestArrivalMillis } from '#engine/ingest/take-events.ts';
import { untilWritten, writeEntity, writeUnitsOf } from '#engine/ingest/write-entity.ts';
import { compactState, mergeStates, type WindowState } from '#semantics/stream/window-state.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { WindowItem, WindowItems } from '#store/window-items.ts';

/** What is the same for every entity of a backfill. */
export interface HistoryMerge {
  readonly target: WindowedView;
  readonly rules: FoldRules;
  /** Items of an older run count as empty. */
  readonly cut: Cut;
  /** The last arrival of the history: the cut, or the end of the source's Parquet history. Epoch milliseconds. */
  readonly historyUntilMillis: number;
}

/** `merged`: the item holds its history from now on. `before`: it did already. */
export type MergedEntity =
  | { readonly kind: 'merged'; readonly writeUnits: number; readonly gaveUp: boolean }
  | { readonly kind: 'before' };

/**
 * Merges the history of an entity into its item, once: the item says itself that it has been, in the same write. `item` is the first item as it
 * was read. Repeating it, at once or later, changes nothing. Rejects when the store does; throws backfill.newerRun where a rebuild has been
 * claimed since, backfill.itemContended, ingest.unknownLayout.
 */
export async function mergeHistory(
  items: WindowItems,
  merge: HistoryMerge,
  {
    entityKey,
    history,
    item,
  }: { readonly entityKey: string; readonly history: WindowState; readonly item: WindowItem | undefined },
): Promise<MergedEntity> {
  const { target, rules, cut, historyUntilMillis } = merge;
  let found = item;
  return untilWritten<MergedEntity>({ code: 'backfill.itemContended', viewId: target.id }, async () => {
    const before = openItem(target, found);
    if (before.progress.run > cut.run) throw newerRun(merge, before.progress.run);
    if (before.progress.run === cut.run && before.progress.hasHistory) return { kind: 'before' };
    const after = withHistory(merge, inRun(target, before, { source: rules.source, cut }), history);
    const write = await writeEntity(items, { target, rules }, { entityKey, after, historyUntilMillis });
    if (write.kind === 'written')
      return { kind: 'merged', writeUnits: writeUnitsOf(write.items), gaveUp: write.gaveUp };
    found = write.found;
    return undefined;
  });
}

/** The state with its history, without what no reader asks for any more. */
function withHistory(
  { target, cut, historyUntilMillis }: HistoryMerge,
  before: EntityState,
  history: WindowState,
): EntityState {
  const state = mergeStates(target.plan, before.state, history);
  const appliedMillis = Math.max(historyUntilMillis, greatestArrivalMillis(before.progress) ?? 0);
  const { lostUntilMillis } = before;
  return {
    ...before,
    // What lay before the cut is here again. Events that were given up later are not.
    lostUntilMillis: lostUntilMillis !== null && lostUntilMillis > cut.cutMillis ? lostUntilMillis : null,
    state: compactState(target.plan, state, appliedMillis - readerSlackMillis),
    progress: { ...before.progress, hasHistory: true },
  };
}

const newerRun = ({ target, cut }: HistoryMerge, run: number): TidemarkError =>
  new TidemarkError(
    'backfill.newerRun',
    `run ${run} of ${target.id} has been claimed since this backfill of run ${cut.run} was planned; nothing of this one counts any more: run "tidemark backfill ${target.id}" again`,
    { kind: 'conflict', details: { view: target.id, run, cutRun: cut.run } },
  );
