import * as z from 'zod/mini';

/** An interval of ticks: `fromMillis` exclusive, `toMillis` inclusive, epoch milliseconds, from < to. */
export const intervalSchema = z.strictObject({ fromMillis: z.int(), toMillis: z.int() });
export type Interval = z.infer<typeof intervalSchema>;

/** The instants of any of the lists, as sorted, disjoint intervals; touching ones are joined, empty ones dropped. */
export function unionOf(...lists: readonly (readonly Interval[])[]): Interval[] {
  const sorted = lists
    .flat()
    .filter(({ fromMillis, toMillis }) => fromMillis < toMillis)
    .sort((a, b) => a.fromMillis - b.fromMillis);
  const union: Interval[] = [];
  for (const interval of sorted) {
    const last = union.at(-1);
    if (last && interval.fromMillis <= last.toMillis)
      union[union.length - 1] = { ...last, toMillis: Math.max(last.toMillis, interval.toMillis) };
    else union.push(interval);
  }
  return union;
}

/** What of `whole` is in none of `taken`, sorted and disjoint. */
export function without(whole: readonly Interval[], taken: readonly Interval[]): Interval[] {
  let left = unionOf(whole);
  for (const hole of unionOf(taken))
    left = left.flatMap(({ fromMillis, toMillis }) =>
      [
        { fromMillis, toMillis: Math.min(toMillis, hole.fromMillis) },
        { fromMillis: Math.max(fromMillis, hole.toMillis), toMillis },
      ].filter((rest) => rest.fromMillis < rest.toMillis),
    );
  return left;
}

/** What is in both, sorted and disjoint. */
export const intersectionOf = (one: readonly Interval[], other: readonly Interval[]): Interval[] =>
  without(one, without(one, other));

/** The smallest interval that holds all of them; undefined for none. */
export function hullOf(intervals: readonly Interval[]): Interval | undefined {
  const [first] = intervals;
  if (!first) return undefined;
  return intervals.reduce((hull, { fromMillis, toMillis }) => ({
    fromMillis: Math.min(hull.fromMillis, fromMillis),
    toMillis: Math.max(hull.toMillis, toMillis),
  }));
}

/** How many multiples of `stepMillis` the intervals hold. */
export const tickCount = (intervals: readonly Interval[], stepMillis: number): number =>
  intervals.reduce(
    (sum, { fromMillis, toMillis }) => sum + Math.floor(toMillis / stepMillis) - Math.floor(fromMillis / stepMillis),
    0,
  );
