import { utf8Length } from '#codec/utf8.ts';
import { compactState, emptyState, mergeStates, neededUntilMillis } from '#semantics/stream/window-state.ts';
import type { WindowItem } from '#store/window-items.ts';
import { closedItem, type EntityState, headItem, itemBytes, openItem } from './entity-state.ts';
import { type FoldRules, readerSlackMillis } from './fold-events.ts';
import { isWorthHandingOver, mayHandOver } from './hand-over-rule.ts';
import type { WindowedView } from './source-views.ts';
import { greatestArrivalMillis } from './take-events.ts';

/** Items may not grow beyond this (design: limits stated to users); DynamoDB's own limit is 400 KB. */
const maximumItemBytes = 300_000;

/** A state to be written, of one entity. */
export interface NextState {
  readonly entityKey: string;
  readonly after: EntityState;
  /** Greatest arrival among the events of a history that was merged in: its records stand in no progress. */
  readonly historyUntilMillis?: number;
}

/** `head`: the first item alone; `gaveUp`: it had to lose its tiles. `handOver`: the second item has to be read to decide. */
export type PlannedWrite =
  | { readonly kind: 'head'; readonly item: WindowItem; readonly gaveUp: boolean }
  | { readonly kind: 'handOver' };

export function planWrite(target: WindowedView, rules: FoldRules, next: NextState): PlannedWrite {
  const item = headItem(target, rules.source, next);
  const isTooLarge = itemBytes(item) > maximumItemBytes;
  // Only windows are weighed: an item that is large for its fingerprints would be handed over with every write.
  const mayBe = isTooLarge || mayHandOver(rules.handOver, next.after.packedBytes, utf8Length(item.packed));
  if (mayBe && piecesOf(next.after) > 0) return { kind: 'handOver' };
  if (isTooLarge) return giveUp(target, rules, next);
  return { kind: 'head', item, gaveUp: false };
}

/** `both` in one transaction; `head`: the first item alone, since that is cheaper or (`gaveUp`) both had to lose their tiles. */
export type PlannedHandOver =
  | { readonly kind: 'both'; readonly items: readonly [WindowItem, WindowItem] }
  | { readonly kind: 'head'; readonly item: WindowItem; readonly gaveUp: boolean };

/**
 * Both items after the first has given its tiles to the second, which was read after the first. (One of a later hand-over
 * says that the first has been written since: then the condition of the write fails.) Where the second should be there and is not, or would
 * grow too large, both are given up.
 */
export function planHandOver(
  target: WindowedView,
  rules: FoldRules,
  next: NextState & { readonly closed: WindowItem | undefined },
): PlannedHandOver {
  const { entityKey, after } = next;
  const stored = openItem(target, next.closed);
  const matters = after.closedUntilMillis !== null;
  if (matters && stored.handOvers < after.handOvers) return giveUp(target, rules, next);

  const kept = headItem(target, rules.source, next);
  const sizes = {
    headBytes: utf8Length(kept.packed),
    pieces: piecesOf(after),
    closedBytes: matters && next.closed ? itemBytes(next.closed) : 0,
  };
  if (itemBytes(kept) <= maximumItemBytes && !isWorthHandingOver(rules.handOver, sizes))
    return { kind: 'head', item: kept, gaveUp: false };

  const merged = matters ? mergeStates(target.plan, stored.state, after.state) : after.state;
  const clockMillis = appliedUntilMillis(next) - readerSlackMillis;
  const state = compactState(target.plan, merged, clockMillis);
  // A second item of a former life of the entity may have counted further; a number must never come twice.
  const handOvers = Math.max(after.handOvers, stored.handOvers) + 1;
  const untilMillis = Math.max(neededUntilMillis(target.plan, state), clockMillis);
  const closed = closedItem(target, {
    entityKey,
    closed: { revision: stored.revision, handOvers, state, untilMillis },
  });
  const head: EntityState = { ...after, handOvers, closedUntilMillis: untilMillis, state: emptyState };
  const item = headItem(target, rules.source, { entityKey, after: head });
  if (Math.max(itemBytes(closed), itemBytes(item)) > maximumItemBytes) return giveUp(target, rules, next);
  return { kind: 'both', items: [item, closed] };
}

/**
 * The first item without tiles. It says up to which time events are lost, and goes on from there. Where the fingerprints alone are too
 * much, they go too: copies of what they stood for fall into windows that reach back to the loss (a copy of an event that was ahead happened
 * at most allowedSkew later), so none is counted twice in a value that is served.
 */
function giveUp(
  target: WindowedView,
  rules: FoldRules,
  next: NextState,
): { readonly kind: 'head'; readonly item: WindowItem; readonly gaveUp: true } {
  const { entityKey, after } = next;
  const lostUntilMillis = Math.max(after.lostUntilMillis ?? 0, appliedUntilMillis(next));
  const bare = { ...after, lostUntilMillis, closedUntilMillis: null, state: emptyState };
  const item = headItem(target, rules.source, { entityKey, after: bare });
  if (itemBytes(item) <= maximumItemBytes) return { kind: 'head', item, gaveUp: true };
  const shards = new Map([...after.progress.shards].map(([shard, known]) => [shard, { ...known, recent: [] }]));
  const forgetful = {
    ...bare,
    lostUntilMillis: lostUntilMillis + rules.source.allowedSkewMillis,
    progress: { ...after.progress, shards },
  };
  return { kind: 'head', item: headItem(target, rules.source, { entityKey, after: forgetful }), gaveUp: true };
}

/** Tiles or events of a state. */
const piecesOf = ({ state }: EntityState): number => state.tiles.length + state.events.length;

/** No event that the state holds arrived later. */
const appliedUntilMillis = ({ after, historyUntilMillis = 0 }: NextState): number =>
  Math.max(greatestArrivalMillis(after.progress) ?? 0, historyUntilMillis);
