import { rowMarks } from '#spec/status.ts';
import { decimalParts, isIntegerType, type ScalarValue, type Value } from '#spec/value-type.ts';
import { featureValue, integerSum, mean, type Outcome, ratio, scaledSum, stddev, variance } from '../aggregate.ts';
import { partsPerPower, quantileValue } from './ddsketch.ts';
import { countDistinct } from './distinct.ts';
import { type FoldedWindow, foldWindows, type KnownState } from './fold-windows.ts';
import { floatReader, type PartState, type PartStates } from './part-rules.ts';
import type { PartKind, PlannedAggregation, PlannedFeature, WindowPlan } from './window-plan.ts';

const empty: Outcome = { kind: 'empty' };
const error: Outcome = { kind: 'error' };
const finished = (value: Value): Outcome => ({ kind: 'value', value });

/** Values by feature, and a mark per feature (see rowMarks); no marks where all are present. */
export interface FinishedWindows {
  readonly values: readonly Value[];
  readonly marks: string | null;
}

/**
 * All features of a view at an instant. `states`: of disjoint sets of events, which hold every event that has arrived and that a window at
 * atMillis reads (not compacted beyond atMillis).
 */
export function finishWindows(plan: WindowPlan, states: readonly KnownState[], atMillis: number): FinishedWindows {
  const windows = foldWindows(plan, states, atMillis);
  const results = plan.features.map((feature) => featureValue(feature, outcomeOf(plan, feature, windows)));
  const marks = results.map(({ mark }) => mark).join('');
  const isAllPresent = results.every(({ mark }) => mark === rowMarks.present);
  return { values: results.map(({ value }) => value), marks: isAllPresent ? null : marks };
}

function outcomeOf(plan: WindowPlan, { aggregations }: PlannedFeature, windows: readonly FoldedWindow[]): Outcome {
  const [first, denominator] = aggregations;
  if (!first) return empty;
  const outcome = aggregate(plan, first, windows[first.window]);
  return denominator ? ratio(first.kind, outcome, aggregate(plan, denominator, windows[denominator.window])) : outcome;
}

function aggregate(plan: WindowPlan, planned: PlannedAggregation, window: FoldedWindow | undefined): Outcome {
  if (window?.kind !== 'folded') return error;
  const stateOf = reader(planned, window.parts);
  if ((stateOf('beyond') ?? 0) > 0) return error;
  const { kind } = planned;
  switch (kind) {
    case 'count': {
      const count = stateOf('count') ?? 0;
      return count === 0 ? empty : finished(BigInt(count));
    }
    case 'min':
    case 'max': {
      const value = stateOf(kind);
      return value === undefined ? empty : finished(featured(planned, value));
    }
    case 'first':
    case 'last': {
      const timed = stateOf(kind);
      return timed === undefined ? empty : finished(featured(planned, timed.value));
    }
    case 'lastN': {
      const list = stateOf('lastN');
      return list === undefined ? empty : finished(list.map(({ value }) => featured(planned, value)));
    }
    case 'distinct': {
      const state = stateOf('distinct');
      if (state === undefined) return empty;
      const count = countDistinct(state);
      return count === undefined ? error : finished(count);
    }
    case 'approxQuantile': {
      const counts = stateOf('quantile');
      const part = plan.parts[planned.parts.quantile ?? -1];
      if (counts === undefined || part?.relativeError === undefined) return empty;
      const parts = partsPerPower(part.relativeError);
      return finished(quantileValue(counts, { quantile: planned.quantile ?? 0, parts }) ?? null);
    }
    default:
      return exact(planned, stateOf);
  }
}

type StateReader = <TKind extends PartKind>(kind: TKind) => PartStates[TKind] | undefined;

const reader =
  ({ parts }: PlannedAggregation, states: readonly PartState[]): StateReader =>
  <TKind extends PartKind>(kind: TKind) => {
    const index = parts[kind];
    return index === undefined ? undefined : (states[index] as PartStates[TKind] | undefined); // the part is of that kind
  };

/** sum, mean, variance, stddev. */
function exact({ kind, type, scale }: PlannedAggregation, stateOf: StateReader): Outcome {
  const sum = stateOf('sum');
  if (sum === undefined) return empty;
  if (kind === 'sum') return type !== undefined && isIntegerType(type) ? integerSum(sum) : scaledSum({ sum, scale });
  const count = stateOf('count') ?? 0;
  if (kind === 'mean') return mean({ count, sum, scale });
  const parts = { count, sum, squares: stateOf('squares') ?? 0, scale };
  return kind === 'variance' ? variance(parts) : stddev(parts);
}

/** A kept value as the feature has it: decimals become float64. */
const featured = ({ type }: PlannedAggregation, value: ScalarValue): ScalarValue =>
  type !== undefined && decimalParts(type) ? floatReader(type)(value) : value;
