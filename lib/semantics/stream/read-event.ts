import type { Expression } from '#spec/expression.ts';
import type { ScalarValue, Value } from '#spec/value-type.ts';
import { truthOf } from '../expression.ts';
import { isList } from '../value.ts';
import type { StreamEvent } from './event.ts';
import type { WindowPlan } from './window-plan.ts';

/**
 * A field's usable value: null where the event has none (null, NaN, infinite). Of a hash: a bigint, or false where the value is usable and
 * has none, so that nothing is known of how many different values there are.
 */
export type FieldValue = ScalarValue | null;

/** What the parts of a plan need of an event, and what an exact view keeps of it. */
export interface ReadEvent {
  readonly atMillis: number;
  /** By field of the plan. */
  readonly values: readonly FieldValue[];
  /** By filter of the plan: true where the event counts. */
  readonly truths: readonly boolean[];
}

/** Nulls, NaN and infinities do not count; -0 is 0. */
function usable(value: Value): FieldValue {
  if (value === null || isList(value) || (typeof value === 'number' && !Number.isFinite(value))) return null;
  return value === 0 ? 0 : value;
}

type Filter = ReturnType<typeof truthOf>;
/** Filters ready for use: plans live as long as their process. */
const readyFilters = new WeakMap<readonly Expression[], readonly Filter[]>();

function filtersOf({ filters, types }: WindowPlan): readonly Filter[] {
  const known = readyFilters.get(filters);
  if (known) return known;
  const ready = filters.map((filter) => truthOf(filter, types));
  readyFilters.set(filters, ready);
  return ready;
}

/** Reads once what any part needs. */
export function readEvent(plan: WindowPlan, { row, hashes, eventTimeMillis }: StreamEvent): ReadEvent {
  return {
    atMillis: eventTimeMillis,
    values: plan.fields.map(({ column, isHash }) => {
      const value = usable(row[column] ?? null);
      return isHash && value !== null ? (hashes[column] ?? false) : value;
    }),
    truths: filtersOf(plan).map((filter) => filter(row) === true),
  };
}
