import type { StreamEvent } from './event.ts';
import type { Window, WindowPlan } from './window-plan.ts';

type EventTimes = Pick<StreamEvent, 'eventTimeMillis' | 'arrivalMillis'>;

/** An event counts in a window at the instants t with countsFromMillis <= t < countsUntilMillis. */

/** First instant at which an event counts (inclusive), in any window. */
export const countsFromMillis = ({ eventTimeMillis, arrivalMillis }: EventTimes): number =>
  Math.max(eventTimeMillis, arrivalMillis);

/**
 * First instant at which an event of that time does not count any more (exclusive): its hop's end and the window's length later. A tile that
 * ends at the time, inclusively, leaves at the same instant.
 */
export const countsUntilMillis = (eventTimeMillis: number, { windowMillis, hopMillis }: Window): number =>
  tileEnd(eventTimeMillis, hopMillis) + windowMillis;

/** End, inclusive, of the tile that holds the instant: the least multiple of its length that is not before it. */
export const tileEnd = (millis: number, lengthMillis: number): number =>
  Math.ceil(millis / lengthMillis) * lengthMillis + 0; // never -0

/** True where an event counts in no window of the view at any instant: it came too late. */
export function isTooLate(plan: Pick<WindowPlan, 'windows'>, event: EventTimes): boolean {
  const fromMillis = countsFromMillis(event);
  return plan.windows.every((window) => countsUntilMillis(event.eventTimeMillis, window) <= fromMillis);
}
