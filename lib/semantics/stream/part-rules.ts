import { type ColumnType, decimalParts, isFloatType, type ScalarValue } from '#spec/value-type.ts';
import { addWhole, magnitudeOf, powerOfTen, squareOf, toScaled, type Whole, whole } from '../scaled-sum.ts';
import { compareValues } from '../value.ts';
import { type BucketCounts, bucketOf, partsPerPower } from './ddsketch.ts';
import { addDistinct, copyDistinct, type DistinctState, mergeDistinct } from './distinct.ts';
import type { ReadEvent } from './read-event.ts';
import { addLast, compareTimed, type Timed } from './timed-values.ts';
import { type Part, type PartKind, quantileBound, type WindowPlan } from './window-plan.ts';

/** What a part of each kind keeps; undefined: nothing contributed. */
export interface PartStates {
  readonly count: number;
  readonly sum: Whole;
  readonly squares: Whole;
  readonly beyond: number;
  readonly min: ScalarValue;
  readonly max: ScalarValue;
  readonly first: Timed;
  readonly last: Timed;
  /** Oldest first. */
  readonly lastN: Timed[];
  readonly distinct: DistinctState;
  readonly quantile: BucketCounts;
}
export type PartState = PartStates[PartKind] | undefined;

/** How a part changes. States may be changed in place: whoever shares one copies it before. */
interface PartRule<TState> {
  /** Adds one event's usable value (true where events are counted). Undefined: still nothing. */
  readonly add: (state: TState | undefined, value: ScalarValue, atMillis: number) => TState | undefined;
  /** Adds all of `from`, which stays as it is. */
  readonly merge: (into: TState, from: TState) => TState;
  readonly copy: (state: TState) => TState;
}

const same = <T>(state: T): T => state;
const plus = (a: number, b: number): number => a + b;

/** The exact integer of a number: round(x * 10^scale) of a float, the unscaled integer of a decimal. */
function exactReader({ type = 'int64', scale = 0 }: Part): (value: ScalarValue) => Whole {
  if (isFloatType(type)) return (value) => toScaled(Number(value), scale);
  return (value) => (typeof value === 'bigint' ? whole(value) : Number(value));
}

/** A number as float64: of a decimal, its digits over the power of ten. */
export function floatReader(type: ColumnType): (value: ScalarValue) => number {
  const power = powerOfTen(decimalParts(type)?.scale ?? 0);
  return (value) => Number(value) / power;
}

/** The magnitude that `bound` is compared with. */
function magnitudeReader(part: Part): (value: ScalarValue) => Whole {
  const read = part.scale === undefined ? floatReader(part.type ?? 'float64') : exactReader(part);
  return (value) => magnitudeOf(read(value));
}

function exactSum(part: Part, contribution: (exact: Whole) => Whole): PartRule<Whole> {
  const exact = exactReader(part);
  const { bound = Number.POSITIVE_INFINITY } = part;
  return {
    add: (state, value) => {
      const integer = exact(value);
      if (magnitudeOf(integer) >= bound) return state;
      const added = contribution(integer);
      return state === undefined ? added : addWhole(state, added);
    },
    merge: addWhole,
    copy: same,
  };
}

function beyond(part: Part): PartRule<number> {
  const magnitude = magnitudeReader(part);
  const { bound = Number.POSITIVE_INFINITY } = part;
  return {
    add: (state, value) => (magnitude(value) >= bound ? (state ?? 0) + 1 : state),
    merge: plus,
    copy: same,
  };
}

/** Keeps the preferred of two values; `sign` -1: the least, 1: the greatest. */
function extreme(sign: -1 | 1): PartRule<ScalarValue> {
  const merge = (a: ScalarValue, b: ScalarValue): ScalarValue => (compareValues(b, a) * sign > 0 ? b : a);
  return { add: (state, value) => (state === undefined ? value : merge(state, value)), merge, copy: same };
}

function edge(sign: -1 | 1): PartRule<Timed> {
  const merge = (a: Timed, b: Timed): Timed => (compareTimed(b, a) * sign > 0 ? b : a);
  return {
    add: (state, value, atMillis) => (state === undefined ? { atMillis, value } : merge(state, { atMillis, value })),
    merge,
    copy: same,
  };
}

function lastN({ limit = 1 }: Part): PartRule<Timed[]> {
  return {
    add: (state = [], value, atMillis) => {
      addLast(state, { atMillis, value }, limit);
      return state;
    },
    merge: (into, from) => {
      for (const timed of from) addLast(into, timed, limit);
      return into;
    },
    copy: (state) => [...state],
  };
}

function distinct({ exactUpTo = 0 }: Part): PartRule<DistinctState> {
  return {
    // a hash field holds bigints, and false for a value without hash
    add: (state, value) => addDistinct(state, typeof value === 'bigint' ? value : false, exactUpTo),
    merge: (into, from) => mergeDistinct(into, from, exactUpTo),
    copy: copyDistinct,
  };
}

function quantile({ type = 'float64', relativeError = 0.01 }: Part): PartRule<BucketCounts> {
  const parts = partsPerPower(relativeError);
  const float = floatReader(type);
  const addCount = (counts: BucketCounts, bucket: number, count: number): BucketCounts =>
    counts.set(bucket, (counts.get(bucket) ?? 0) + count);
  return {
    add: (state, value) => {
      const x = float(value);
      if (Math.abs(x) >= quantileBound) return state;
      return addCount(state ?? new Map(), bucketOf(x, parts), 1);
    },
    merge: (into, from) => {
      for (const [bucket, count] of from) addCount(into, bucket, count);
      return into;
    },
    copy: (state) => new Map(state),
  };
}

const makers: { readonly [TKind in PartKind]: (part: Part) => PartRule<PartStates[TKind]> } = {
  count: () => ({ add: (state = 0) => state + 1, merge: plus, copy: same }),
  sum: (part) => exactSum(part, same),
  squares: (part) => exactSum(part, squareOf),
  beyond,
  min: () => extreme(-1),
  max: () => extreme(1),
  first: () => edge(-1),
  last: () => edge(1),
  lastN,
  distinct,
  quantile,
};

/** Rules of plans, by part: plans live as long as their process. */
const readyRules = new WeakMap<readonly Part[], readonly PartRule<PartState>[]>();

function rulesOf({ parts }: WindowPlan): readonly PartRule<PartState>[] {
  const known = readyRules.get(parts);
  if (known) return known;
  // rule i is only ever given states that it has made
  const ready = parts.map((part) => makers[part.kind](part) as unknown as PartRule<PartState>);
  readyRules.set(parts, ready);
  return ready;
}

/** Adds an event to the states of a tile's parts, in place. */
export function addToParts(plan: WindowPlan, states: PartState[], { atMillis, values, truths }: ReadEvent): void {
  const rules = rulesOf(plan);
  for (let index = 0; index < rules.length; index++) {
    const [part, rule] = [plan.parts[index], rules[index]];
    if (!part || !rule || (part.filter !== undefined && truths[part.filter] !== true)) continue;
    const value = part.field === undefined ? true : (values[part.field] ?? null);
    if (value !== null) states[index] = rule.add(states[index], value, atMillis);
  }
}

/** Adds the parts of `from` that windows from `fromWindow` on read to `into`, in place; `from` stays as it is. */
export function mergeParts(
  plan: WindowPlan,
  { into, from }: { readonly into: PartState[]; readonly from: readonly PartState[] },
  fromWindow: number,
): void {
  const rules = rulesOf(plan);
  for (let index = 0; index < from.length; index++) {
    const [state, added, rule] = [into[index], from[index], rules[index]];
    if (added === undefined || !rule || (plan.parts[index]?.lastWindow ?? 0) < fromWindow) continue;
    into[index] = state === undefined ? rule.copy(added) : rule.merge(state, added);
  }
}

/** States that share nothing that could change. */
export function copyParts(plan: WindowPlan, states: readonly PartState[]): PartState[] {
  const rules = rulesOf(plan);
  return states.map((state, index) => (state === undefined ? undefined : rules[index]?.copy(state)));
}
