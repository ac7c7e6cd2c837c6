import type { StreamEvent } from './event.ts';
import { countsUntilMillis, tileEnd } from './interval.ts';
import { eventsReadFrom, keptEvents } from './kept-events.ts';
import { addToParts } from './part-rules.ts';
import { type ReadEvent, readEvent } from './read-event.ts';
import { TileList } from './tile-list.ts';
import { isReadFrom, neededTileUntil, type Tile } from './tiles.ts';
import type { WindowPlan } from './window-plan.ts';

/**
 * What is kept of an entity's events for all windows of a view: tiles sorted by (level, end), or the events themselves, sorted by time, where
 * the view is exact. Equal sets of events, added and merged in any order, give states that finish alike.
 */
export interface WindowState {
  readonly tiles: readonly Tile[];
  /** Exact views only. */
  readonly events: readonly ReadEvent[];
}

export const emptyState: WindowState = { tiles: [], events: [] };

/** The state with further events; the given state stays as it is. Late events go to their own tiles, see compactState. */
export function addEvents(plan: WindowPlan, state: WindowState, events: readonly StreamEvent[]): WindowState {
  if (plan.exact) {
    const read = events.map((event) => readEvent(plan, event));
    return { tiles: [], events: keptEvents(plan, [...state.events, ...read]) };
  }
  const tiles = new TileList(plan, state.tiles);
  for (const event of events) {
    const tile = tiles.own({ level: 0, endMillis: tileEnd(event.eventTimeMillis, plan.levelMillis[0] ?? 1) });
    addToParts(plan, tile.parts, readEvent(plan, event));
  }
  return { tiles: tiles.all, events: [] };
}

/** The state of two disjoint sets of events: associative, commutative, neutral element emptyState. Both stay as they are. */
export function mergeStates(plan: WindowPlan, a: WindowState, b: WindowState): WindowState {
  if (plan.exact) return { tiles: [], events: keptEvents(plan, [...a.events, ...b.events]) };
  const tiles = new TileList(plan, a.tiles);
  for (const tile of b.tiles) tiles.add(tile);
  return { tiles: tiles.all, events: [] };
}

/**
 * The state without what no window needs at clockMillis or later: a tile that the window of its level has left is merged into the tile of the
 * next level that is still read, and dropped after the last. Finishing at any instant from clockMillis on gives what it gave before.
 */
export function compactState(plan: WindowPlan, state: WindowState, clockMillis: number): WindowState {
  if (plan.exact) return { tiles: [], events: eventsReadFrom(plan, state.events, clockMillis) };
  const moved = state.tiles.filter((tile) => levelAt(plan, tile, clockMillis) !== tile.level);
  if (moved.length === 0) return state;
  const gone = new Set(moved);
  const tiles = new TileList(
    plan,
    state.tiles.filter((tile) => !gone.has(tile)),
  );
  for (const tile of moved) {
    const level = levelAt(plan, tile, clockMillis);
    const lengthMillis = plan.levelMillis[level];
    if (lengthMillis !== undefined)
      tiles.add({ level, endMillis: tileEnd(tile.endMillis, lengthMillis), parts: tile.parts });
  }
  return { tiles: tiles.all, events: [] };
}

/** The level that a tile's events belong to at the clock: of the first window, from its own on, that still reads them. */
function levelAt(plan: WindowPlan, tile: Pick<Tile, 'level' | 'endMillis'>, clockMillis: number): number {
  let index = tile.level;
  while (index < plan.windows.length && !isReadFrom(plan, tile, { index, atMillis: clockMillis })) index++;
  return index;
}

/** First instant from which no window needs anything of the state; 0 for a state without anything. */
export function neededUntilMillis(plan: WindowPlan, state: WindowState): number {
  const newest = state.events.at(-1);
  const ofEvents = newest ? plan.windows.map((window) => countsUntilMillis(newest.atMillis, window)) : [];
  return Math.max(0, ...ofEvents, ...state.tiles.map((tile) => neededTileUntil(plan, tile)));
}
