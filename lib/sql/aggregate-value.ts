import type { Aggregation, ColumnAggregation } from '#spec/aggregation.ts';
import type { AggregatedFeature } from '#spec/manifest.ts';
import { isFloatType } from '#spec/value-type.ts';
import type { PartPlan } from './aggregate-parts.ts';
import { scaleOf } from './event-values.ts';
import { framed } from './frame-window.ts';
import { literal, sqlType } from './types.ts';

/** The finished value of a window and the conditions that decide its mark; all are expressions over framed parts. */
interface Finished {
  readonly value: string;
  /** No value counted in the window. */
  readonly empty: string;
  /** The result cannot be represented; undefined: it always can. */
  readonly error: string | undefined;
}

/** Name of a quantile part's value at one quantile: dots make no names. */
export const quantileName = (part: string, quantile: number): string =>
  `${part}_${String(quantile).replaceAll(/[.-]/g, '_')}`;

const maxBigint = `CAST('9223372036854775807' AS decimal(38,0))`;
const exceedsBigint = (number: string): string => `abs(${number}) > ${maxBigint}`;
/** float64 of an exact integer below 2^63 in magnitude: one rounding, half to even, on every engine. */
const toDouble = (number: string): string => `CAST(CAST(${number} AS bigint) AS double)`;

/** Feature value with its default, and its mark: '.', 'd' (empty window) or 'e' (null because not representable). */
export function featureValue(feature: AggregatedFeature, plan: PartPlan): { value: string; mark: string } {
  const { formula } = feature;
  const { value, empty, error } = formula.kind === 'ratio' ? ratio(formula, plan) : finish(formula, plan);
  const fallback = emptyValue(feature);
  const nothing = literal(null, feature.type);
  const failed = error ? `WHEN ${error} THEN ${nothing} ` : '';
  const failedMark = error ? `WHEN ${error} THEN 'e' ` : '';
  return {
    value: `CASE ${failed}WHEN ${empty} THEN ${fallback} ELSE CAST(${value} AS ${sqlType(feature.type)}) END`,
    mark: `CASE ${failedMark}WHEN ${empty} THEN 'd' ELSE '.' END`,
  };
}

/** Value of an empty window, as a typed literal: the declared default, else 0 for count, sum and distinct, else null. */
export function emptyValue({ formula, type, default: declared }: AggregatedFeature): string {
  if (declared !== undefined) return literal(declared, type);
  const isZero = formula.kind === 'count' || formula.kind === 'sum' || formula.kind === 'distinct';
  return literal(isZero ? (type === 'int64' ? '0' : 0) : null, type);
}

/** Exact views of a stream: a window of too many events is an error, whatever it would give. */
function finish(aggregation: Aggregation, plan: PartPlan): Finished {
  const finished = finishParts(aggregation, plan);
  if (plan.maxEvents === undefined) return finished;
  const tooMany = `COALESCE(${framed(plan.events(aggregation), aggregation)}, 0) > ${plan.maxEvents}`;
  return { ...finished, error: finished.error ? `(${tooMany} OR ${finished.error})` : tooMany };
}

function finishParts(aggregation: Aggregation, plan: PartPlan): Finished {
  const at = (part: string): string => framed(part, aggregation);
  const some = (part: string): string => `COALESCE(${at(part)}, 0) > 0`;
  const count = `COALESCE(${at(plan.count(aggregation))}, 0)`;
  const empty = `${count} = 0`;
  switch (aggregation.kind) {
    case 'count':
      return { value: count, empty, error: undefined };
    case 'min':
    case 'max':
      return { value: at(plan.extreme(aggregation)), empty, error: undefined };
    case 'first':
    case 'last':
      return { value: `${at(plan.edge(aggregation))}.v`, empty, error: undefined };
    case 'distinct':
      return aggregation.exactUpTo === undefined
        ? { value: `COALESCE(${plan.distinct(aggregation)}, 0)`, empty, error: undefined }
        : { value: at(plan.hash(aggregation)), empty, error: some(plan.unhashed(aggregation)) };
    case 'lastN':
      return { value: at(plan.list(aggregation)), empty, error: undefined };
    case 'approxQuantile': {
      const beyond = plan.beyond(aggregation);
      const value = at(quantileName(plan.quantile(aggregation), aggregation.quantile ?? 0.5));
      return { value, empty, error: beyond && some(beyond) };
    }
    case 'sum':
    case 'mean':
      return { ...sumOrMean(aggregation, plan, count), empty };
    default:
      return { ...variance(aggregation, plan, count), empty };
  }
}

function sumOrMean(aggregation: ColumnAggregation, plan: PartPlan, count: string): Omit<Finished, 'empty'> {
  const at = (part: string): string => framed(part, aggregation);
  const type = plan.typeOf(aggregation.column);
  const sum = at(plan.sum(aggregation));
  const beyond = plan.beyond(aggregation);
  const error = `(${beyond ? `COALESCE(${at(beyond)}, 0) > 0 OR ` : ''}COALESCE(${exceedsBigint(sum)}, false))`;
  const scale = scaleOf(aggregation, type);
  if (aggregation.kind === 'mean')
    return { value: `${toDouble(sum)} / (CAST(${count} AS double) * 1e${scale})`, error };
  const isInteger = !isFloatType(type) && scale === 0 && !type.startsWith('decimal');
  return { value: isInteger ? sum : `${toDouble(sum)} / 1e${scale}`, error };
}

/**
 * Sample variance (n*Q - S*S) / (n * (n - 1)) / 10^(2 scale): the numerator is an exact integer of at most 36 digits, read in two halves of
 * 18 digits so that its conversion to float64 is the same on every engine (ADR-3). Null for fewer than two values.
 */
function variance(aggregation: ColumnAggregation, plan: PartPlan, count: string): Omit<Finished, 'empty'> {
  const at = (part: string): string => framed(part, aggregation);
  const [sum, squares] = [at(plan.sum(aggregation)), at(plan.squares(aggregation))];
  const beyond = plan.beyond(aggregation);
  const tooLong = `length(CAST(${squares} AS varchar)) + length(CAST(${count} AS varchar)) > 36`;
  const error = `(${beyond ? `COALESCE(${at(beyond)}, 0) > 0 OR ` : ''}COALESCE(${tooLong}, false))`;
  const numerator = `CAST(${count} AS decimal(38,0)) * ${squares} - ${sum} * ${sum}`;
  const digits = `lpad(CAST(CAST(${numerator} AS decimal(38,0)) AS varchar), 36, '0')`;
  const double = `(CAST(CAST(substr(${digits}, 1, 18) AS bigint) AS double) * 1e18 + CAST(CAST(substr(${digits}, 19, 18) AS bigint) AS double))`;
  const pairs = `(CAST(${count} AS double) * CAST(${count} - 1 AS double))`;
  const scale = scaleOf(aggregation, plan.typeOf(aggregation.column));
  const value = `${double} / ${pairs} / 1e${2 * scale}`;
  return {
    value: `CASE WHEN ${count} > 1 THEN ${aggregation.kind === 'stddev' ? `sqrt(${value})` : value} END`,
    error,
  };
}

function ratio(
  { numerator, denominator }: { numerator: Aggregation; denominator: Aggregation },
  plan: PartPlan,
): Finished {
  const [above, below] = [finish(numerator, plan), finish(denominator, plan)];
  const zeroWhenEmpty = numerator.kind === 'count' || numerator.kind === 'sum' || numerator.kind === 'distinct';
  const aboveValue = `CASE WHEN ${above.empty} THEN ${zeroWhenEmpty ? '0e0' : 'NULL'} ELSE CAST(${above.value} AS double) END`;
  const belowValue = `CASE WHEN ${below.empty} THEN NULL ELSE CAST(${below.value} AS double) END`;
  const errors = [above.error, below.error].filter((error) => error !== undefined);
  return {
    // 0 over a negative number would be -0, on which engines do not agree.
    value: `CASE WHEN ${aboveValue} = 0e0 AND ${belowValue} <> 0e0 THEN 0e0 ELSE ${aboveValue} / NULLIF(${belowValue}, 0e0) END`,
    empty: below.empty,
    error: errors.length > 0 ? `(${errors.join(' OR ')})` : undefined,
  };
}
