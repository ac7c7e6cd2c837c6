import type { ReadEvent } from './read-event.ts';
import type { WindowPlan } from './window-plan.ts';

/** The events of an exact view that are kept: the newest maxEvents + 1, so that a window of more is known to hold more. Sorted by time. */
export function keptEvents(plan: WindowPlan, events: readonly ReadEvent[]): readonly ReadEvent[] {
  const sorted = [...events].sort((a, b) => a.atMillis - b.atMillis);
  return sorted.slice(-((plan.exact?.maxEvents ?? 0) + 1));
}

/** Events that some window reads at some instant from `clockMillis` on. */
export function eventsReadFrom(
  plan: WindowPlan,
  events: readonly ReadEvent[],
  clockMillis: number,
): readonly ReadEvent[] {
  const longestMillis = plan.windows.at(-1)?.windowMillis ?? 0;
  return events.filter(({ atMillis }) => clockMillis < atMillis + longestMillis);
}
