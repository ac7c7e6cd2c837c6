import { durationText } from '#spec/duration-text.ts';
import { greatestCommonDivisor } from './millis.ts';

/** A window has at most so many hops: its state holds a tile for each of them. */
export const maxHopsPerWindow = 1000;
/** The default hop cuts its window into at least so many parts: it is at most 2 % too long. */
const leastDefaultHops = 50;

const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
/** Each divides the next, so that tiles of shorter windows make up those of longer ones. */
const friendlyHops: readonly number[] = [
  ...[1, 10, 100, 500],
  ...[1, 5, 15, 30].map((count) => count * second),
  ...[1, 5, 15, 30].map((count) => count * minute),
  ...[1, 3, 6, 12].map((count) => count * hour),
  ...[1, 7].map((count) => count * day),
];

/** Greatest friendly hop of which the window holds 50 or more, about a 60th: 1h has 1m, 24h has 15m, 7d has 3h, 30d has 12h. */
export const defaultHopMillis = (windowMillis: number): number =>
  friendlyHops.findLast((hop) => windowMillis / hop >= leastDefaultHops) ?? 1;

/** What is wrong with a hop of a window, both positive whole milliseconds; undefined when nothing is. */
export function hopProblem(windowMillis: number, hopMillis: number): string | undefined {
  if (hopMillis > windowMillis)
    return `hop is ${durationText(hopMillis)}, longer than its window of ${durationText(windowMillis)}; make it at most the window`;
  if (windowMillis / hopMillis > maxHopsPerWindow)
    return `window of ${durationText(windowMillis)} has ${Math.ceil(windowMillis / hopMillis)} hops of ${durationText(hopMillis)}, at most ${maxHopsPerWindow} are allowed; make the hop ${durationText(Math.ceil(windowMillis / maxHopsPerWindow))} or longer`;
  return undefined;
}

interface HoppingWindow {
  readonly windowMillis: number;
  readonly hopMillis: number;
}

/**
 * The first window, by length, whose tiles are too fine: tiles are as long as the hops of it and of all longer windows have in common. `undefined`
 * when there is none.
 */
export function tooFineTiles(windows: readonly HoppingWindow[]): (HoppingWindow & { tileMillis: number }) | undefined {
  let tileMillis = 0;
  const withTiles = [...windows]
    .sort((a, b) => b.windowMillis - a.windowMillis || b.hopMillis - a.hopMillis)
    .map((window) => {
      tileMillis = greatestCommonDivisor(window.hopMillis, tileMillis);
      return { ...window, tileMillis };
    });
  return withTiles.findLast((window) => window.windowMillis / window.tileMillis > maxHopsPerWindow);
}
