import { countsUntilMillis } from './interval.ts';
import { addToParts, copyParts, mergeParts, type PartState } from './part-rules.ts';
import type { ReadEvent } from './read-event.ts';
import { isReadFrom, type Tile } from './tiles.ts';
import type { WindowPlan } from './window-plan.ts';
import type { WindowState } from './window-state.ts';

/** A window at an instant: its parts, or `error` where it is known to miss events. */
export type FoldedWindow =
  | { readonly kind: 'folded'; readonly parts: readonly PartState[] }
  | { readonly kind: 'error' };

/** A state to finish; `lostUntilMillis`: events that arrived until then (inclusive) may be missing. */
export interface KnownState extends WindowState {
  readonly lostUntilMillis?: number | null;
}

/** The plan's windows at an instant, over disjoint states. */
export function foldWindows(plan: WindowPlan, states: readonly KnownState[], atMillis: number): FoldedWindow[] {
  const lostUntilMillis = Math.max(...states.map((state) => state.lostUntilMillis ?? Number.NEGATIVE_INFINITY));
  const folded = plan.exact ? foldEvents(plan, states, atMillis) : foldTiles(plan, states, atMillis);
  if (lostUntilMillis === Number.NEGATIVE_INFINITY) return folded;
  return folded.map((window, index) => {
    const planned = plan.windows[index];
    // an event that arrived then happened then at the latest
    return planned && atMillis < countsUntilMillis(lostUntilMillis, planned) ? { kind: 'error' } : window;
  });
}

/** True where every event leaves each window before, or when, it leaves the next: then the next holds all that the window holds. */
const isNested = ({ windows }: WindowPlan): boolean =>
  windows.every(({ windowMillis, hopMillis }, index) => {
    const next = windows[index + 1];
    return !next || next.hopMillis % hopMillis === 0 || next.windowMillis - windowMillis >= hopMillis;
  });

function foldTiles(plan: WindowPlan, states: readonly KnownState[], atMillis: number): FoldedWindow[] {
  let rest = states.flatMap(({ tiles }) => tiles);
  let parts: PartState[] = [];
  const nested = isNested(plan);
  return plan.windows.map((_, index) => {
    if (!nested) parts = [];
    const later: Tile[] = [];
    for (const tile of rest) {
      const isRead = isReadFrom(plan, tile, { index, atMillis });
      if (isRead) mergeParts(plan, { into: parts, from: tile.parts }, index);
      if (!isRead || !nested) later.push(tile);
    }
    rest = later;
    return { kind: 'folded', parts: nested ? copyParts(plan, parts) : parts };
  });
}

/** Windows of an exact view are the newest events, each more than the one before. */
function foldEvents(plan: WindowPlan, states: readonly KnownState[], atMillis: number): FoldedWindow[] {
  const newestFirst: ReadEvent[] = states.flatMap(({ events }) => events).sort((a, b) => b.atMillis - a.atMillis);
  const parts: PartState[] = [];
  let held = 0;
  return plan.windows.map((window) => {
    for (let event = newestFirst[held]; event; event = newestFirst[held]) {
      if (atMillis >= countsUntilMillis(event.atMillis, window)) break;
      addToParts(plan, parts, event);
      held++;
    }
    if (held > (plan.exact?.maxEvents ?? 0)) return { kind: 'error' };
    return { kind: 'folded', parts: copyParts(plan, parts) };
  });
}
