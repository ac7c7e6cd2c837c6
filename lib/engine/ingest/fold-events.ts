import { addEvents, compactState } from '#semantics/stream/window-state.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Cut } from './cuts.ts';
import { type EntityState, inRun, lostUntilPassed } from './entity-state.ts';
import type { ArrivedEvent } from './group-events.ts';
import type { HandOverRule } from './hand-over-rule.ts';
import type { WindowedView } from './source-views.ts';
import { greatestArrivalMillis, pruneProgress, type TakenEvents, takeEvents } from './take-events.ts';

/** Readers' clocks may be this far behind the arrivals that an item has applied: windows of that instant are still right. */
export const readerSlackMillis = 60_000;

/** What is the same for every item of a source. */
export interface FoldRules {
  readonly source: StreamSource;
  /** How long the stream keeps records. */
  readonly retentionMillis: number;
  readonly handOver: HandOverRule;
}

/** `newerRun`: the item belongs to a run that the cut does not know yet. `unchanged`: nothing to write. */
export type FoldedEvents =
  | { readonly kind: 'newerRun' }
  | { readonly kind: 'unchanged'; readonly taken: TakenEvents }
  | { readonly kind: 'changed'; readonly taken: TakenEvents; readonly after: EntityState };

/**
 * The cut that a batch is applied under. Until something comes from beyond a rebuild's cut the item goes on in the run before, so that it stays
 * fresh; then it begins anew, and what it had is in the log that the backfill reads.
 */
function cutOf({ before, cut, events }: { before: EntityState; cut: Cut; events: readonly ArrivedEvent[] }): Cut {
  const { previous } = cut;
  if (!previous || before.progress.run > previous.run) return cut;
  return events.some(({ event }) => event.arrivalMillis > cut.cutMillis) ? cut : previous;
}

/** The state of an entity with a batch's events applied, each of them once however often it comes. */
export function foldEvents(
  target: WindowedView,
  rules: FoldRules,
  batch: { readonly before: EntityState; readonly cut: Cut; readonly events: readonly ArrivedEvent[] },
): FoldedEvents {
  const { before, events } = batch;
  if (before.progress.run > batch.cut.run) return { kind: 'newerRun' };
  const cut = cutOf(batch);
  const taken = takeEvents(before.progress, cut, events);
  if (taken.progress === before.progress) return { kind: 'unchanged', taken };
  const seen = { ...before, progress: taken.progress };
  // Until an event of the new run comes, the item shows what the older one counted.
  const base = taken.taken.length > 0 ? inRun(target, seen, { source: rules.source, cut }) : seen;
  const state = addEvents(
    target.plan,
    base.state,
    taken.taken.map(({ event }) => event),
  );
  return { kind: 'changed', taken, after: settled(target, rules, { ...base, state }) };
}

/** The state without what no reader and no record can ask for any more. */
export function settled(target: WindowedView, rules: FoldRules, entity: EntityState): EntityState {
  const greatest = greatestArrivalMillis(entity.progress);
  if (greatest === undefined) return entity;
  const clockMillis = greatest - readerSlackMillis;
  const { closedUntilMillis, lostUntilMillis } = entity;
  const isLostPast = lostUntilMillis !== null && lostUntilPassed(target, lostUntilMillis) <= clockMillis;
  return {
    ...entity,
    closedUntilMillis: closedUntilMillis !== null && closedUntilMillis <= clockMillis ? null : closedUntilMillis,
    lostUntilMillis: isLostPast ? null : lostUntilMillis,
    state: compactState(target.plan, entity.state, clockMillis),
    progress: pruneProgress(entity.progress, rules.source, rules.retentionMillis),
  };
}
