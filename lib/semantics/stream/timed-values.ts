import type { ScalarValue } from '#spec/value-type.ts';
import { compareValues } from '../value.ts';

/** An event's value and when it happened. */
export interface Timed {
  readonly atMillis: number;
  readonly value: ScalarValue;
}

/** By (event time, value), so that ties do not depend on which came first. */
export const compareTimed = (a: Timed, b: Timed): number => a.atMillis - b.atMillis || compareValues(a.value, b.value);

/** Puts a value into a list that is kept in order, oldest first, of at most `limit` of the last ones; in place. */
export function addLast(list: Timed[], timed: Timed, limit: number): void {
  let index = list.length;
  for (let before = list[index - 1]; before && compareTimed(before, timed) > 0; before = list[index - 1]) index--;
  if (index === 0 && list.length >= limit) return;
  list.splice(index, 0, timed);
  if (list.length > limit) list.shift();
}
