import type { Aggregation } from '#spec/aggregation.ts';
import { type ColumnType, decimalParts, isFloatType, type ScalarValue, type Value } from '#spec/value-type.ts';
import { integerSum, mean, type Outcome, scaledSum, stddev, variance } from './aggregate.ts';
import { magnitudeOf, squareBound, toScaled } from './scaled-sum.ts';
import { compareValues, isList } from './value.ts';

/** An event's value and when it happened. */
interface Timed {
  readonly atMillis: number;
  readonly value: ScalarValue;
}

/**
 * What an aggregate keeps of a set of events: enough to add further ones and to merge disjoint sets in any order. Parts that an
 * aggregate does not need stay at their start.
 */
export interface Accumulator {
  /** Values that count: rows for count, usable values for the rest. */
  readonly count: bigint;
  /** Values too great for exact sums; one of them makes the window an error. */
  readonly beyond: bigint;
  readonly sum: bigint;
  readonly squares: bigint;
  /** The value of min, max, first or last so far. */
  readonly chosen: Timed | undefined;
  /** One text per distinct value. */
  readonly distinct: ReadonlySet<string>;
}

export const emptyAccumulator: Accumulator = {
  count: 0n,
  beyond: 0n,
  sum: 0n,
  squares: 0n,
  chosen: undefined,
  distinct: new Set(),
};

/** An aggregation and the type of its column (undefined for count). The filter is the caller's: only rows it lets through are added. */
export interface AccumulatedColumn {
  readonly aggregation: Aggregation;
  readonly type?: ColumnType;
}

const isSquared = (kind: Aggregation['kind']): boolean => kind === 'variance' || kind === 'stddev';
const isSummed = (kind: Aggregation['kind']): boolean => kind === 'sum' || kind === 'mean' || isSquared(kind);

/** Decimal digits that a column's scaled integers carry after the point. */
const scaleOf = ({ aggregation, type = 'int64' }: AccumulatedColumn): number =>
  decimalParts(type)?.scale ?? (isFloatType(type) && 'scale' in aggregation ? (aggregation.scale ?? 0) : 0);

/** The value that counts: nulls, NaN and infinities do not, -0 is 0. */
function usable(value: Value): ScalarValue | undefined {
  if (value === null || isList(value) || (typeof value === 'number' && !Number.isFinite(value))) return undefined;
  return value === 0 ? 0 : value;
}

/** min and max by value; first and last by (time, value), so that ties do not depend on arrival. */
function isPreferred(kind: Aggregation['kind'], a: Timed, b: Timed): boolean {
  const byTime = kind === 'first' || kind === 'last' ? Math.sign(a.atMillis - b.atMillis) : 0;
  const order = byTime || compareValues(a.value, b.value);
  return kind === 'min' || kind === 'first' ? order < 0 : order > 0;
}

const prefer = (kind: Aggregation['kind'], a: Timed | undefined, b: Timed | undefined): Timed | undefined =>
  a && b ? (isPreferred(kind, b, a) ? b : a) : (a ?? b);

const distinctText = (value: ScalarValue): string =>
  value instanceof Uint8Array ? value.join(',') : typeof value === 'string' ? value : String(value);

/** The exact integer that a value adds to sums, or 'beyond'. */
function toExact(column: AccumulatedColumn, value: ScalarValue): bigint | 'beyond' {
  const { aggregation, type = 'int64' } = column;
  const scaled =
    isFloatType(type) && typeof value === 'number'
      ? toScaled(value, scaleOf(column))
      : BigInt(value as number | bigint); // int32, int64 and scaled decimals
  if (scaled === 'ignored' || scaled === 'beyond') return 'beyond'; // usable() has dropped what is ignored
  return isSquared(aggregation.kind) && magnitudeOf(scaled) >= squareBound ? 'beyond' : scaled;
}

/** Adds one event whose filter was true. `value` is the column's (anything for count). */
export function addEvent(
  column: AccumulatedColumn,
  state: Accumulator,
  event: { readonly atMillis: number; readonly value: Value },
): Accumulator {
  const { kind } = column.aggregation;
  if (kind === 'count') return { ...state, count: state.count + 1n };
  const value = usable(event.value);
  if (value === undefined) return state;
  const counted = { ...state, count: state.count + 1n };
  if (isSummed(kind)) {
    const exact = toExact(column, value);
    if (exact === 'beyond') return { ...counted, beyond: state.beyond + 1n };
    return { ...counted, sum: state.sum + exact, squares: state.squares + (isSquared(kind) ? exact * exact : 0n) };
  }
  if (kind === 'distinct') return { ...counted, distinct: new Set(state.distinct).add(distinctText(value)) };
  return { ...counted, chosen: prefer(kind, state.chosen, { atMillis: event.atMillis, value }) };
}

/** The accumulator of two disjoint sets of events; associative and commutative, with emptyAccumulator as its neutral element. */
export const mergeAccumulators = (kind: Aggregation['kind'], a: Accumulator, b: Accumulator): Accumulator => ({
  count: a.count + b.count,
  beyond: a.beyond + b.beyond,
  sum: a.sum + b.sum,
  squares: a.squares + b.squares,
  chosen: prefer(kind, a.chosen, b.chosen),
  distinct: new Set([...a.distinct, ...b.distinct]),
});

/** The value of a window that holds exactly the accumulated events. */
export function finishAccumulator(column: AccumulatedColumn, state: Accumulator): Outcome {
  const { kind } = column.aggregation;
  if (state.count === 0n) return { kind: 'empty' };
  if (state.beyond > 0n) return { kind: 'error' };
  const parts = { ...state, scale: scaleOf(column) };
  switch (kind) {
    case 'count':
      return { kind: 'value', value: state.count };
    case 'distinct':
      return { kind: 'value', value: BigInt(state.distinct.size) };
    case 'sum':
      return column.type === 'int32' || column.type === 'int64' ? integerSum(state.sum) : scaledSum(parts);
    case 'mean':
      return mean(parts);
    case 'variance':
      return variance(parts);
    case 'stddev':
      return stddev(parts);
    default:
      return { kind: 'value', value: state.chosen?.value ?? null };
  }
}
