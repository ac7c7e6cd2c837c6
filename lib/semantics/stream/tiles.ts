import { countsUntilMillis } from './interval.ts';
import type { PartState } from './part-rules.ts';
import type { WindowPlan } from './window-plan.ts';

/** The events of (endMillis - length, endMillis], where the level decides the length; read by windows of its level and greater. */
export interface Tile {
  readonly level: number;
  /** Inclusive; a multiple of the level's length. */
  readonly endMillis: number;
  /** By part of the plan; undefined: nothing contributed, or no window reads it any more. */
  readonly parts: readonly PartState[];
}

/** First instant at which no window reads a tile (exclusive end of its use). */
export function neededTileUntil(plan: WindowPlan, { level, endMillis }: Pick<Tile, 'level' | 'endMillis'>): number {
  let untilMillis = Number.NEGATIVE_INFINITY;
  for (let index = level; index < plan.windows.length; index++) {
    const window = plan.windows[index];
    if (window) untilMillis = Math.max(untilMillis, countsUntilMillis(endMillis, window));
  }
  return untilMillis;
}

/** True where window `index` reads the tile at some instant from `atMillis` on. */
export function isReadFrom(
  plan: WindowPlan,
  { level, endMillis }: Pick<Tile, 'level' | 'endMillis'>,
  { index, atMillis }: { readonly index: number; readonly atMillis: number },
): boolean {
  const window = plan.windows[index];
  return window !== undefined && level <= index && atMillis < countsUntilMillis(endMillis, window);
}
