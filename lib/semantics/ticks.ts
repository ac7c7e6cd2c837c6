/**
 * Ticks are the multiples of a schedule from the epoch in UTC, also before 1970. Intervals of ticks are `(from, to]`: `fromMillis`
 * exclusive, `toMillis` inclusive.
 */

/** Greatest tick <= the instant. */
export const newestTick = (millis: number, scheduleMillis: number): number =>
  Math.floor(millis / scheduleMillis) * scheduleMillis;

/** Smallest tick > the instant. */
export const firstTickAfter = (millis: number, scheduleMillis: number): number =>
  newestTick(millis, scheduleMillis) + scheduleMillis;

/** The ticks with fromMillis < tick <= toMillis, ascending. */
export function* ticksIn(
  { fromMillis, toMillis }: { readonly fromMillis: number; readonly toMillis: number },
  scheduleMillis: number,
): Generator<number> {
  for (let tick = firstTickAfter(fromMillis, scheduleMillis); tick <= toMillis; tick += scheduleMillis) yield tick;
}
