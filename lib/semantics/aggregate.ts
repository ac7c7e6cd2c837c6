import type { Aggregation, Formula } from '#spec/aggregation.ts';
import { rowMarks } from '#spec/status.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';
import { magnitudeOf, powerOfTen, toFloat64, type Whole } from './scaled-sum.ts';

/**
 * A finished window: a value (null only where the formula says so: variance of one value), `empty` where no value counted, `error`
 * where the result cannot be represented.
 */
export type Outcome =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'empty' }
  | { readonly kind: 'error' };

const error: Outcome = { kind: 'error' };
const finished = (value: Value): Outcome => ({ kind: 'value', value });

/** Exact parts of n >= 1 values: S = sum and Q = sum of squares of the scaled integers. */
export interface ExactParts {
  readonly count: number;
  readonly sum: Whole;
  readonly squares: Whole;
  /** Decimal digits that the integers carry after the point. */
  readonly scale: number;
}

/** Sum of whole numbers as int64; error from |S| = 2^63 on. */
export const integerSum = (sum: Whole): Outcome => (magnitudeOf(sum) < 2n ** 63n ? finished(BigInt(sum)) : error);

/** Sum of floats or decimals: S / 10^scale. */
export function scaledSum({ sum, scale }: Pick<ExactParts, 'sum' | 'scale'>): Outcome {
  const float = toFloat64(sum);
  return float === undefined ? error : finished(float / powerOfTen(scale));
}

/** S / (n * 10^scale). */
export function mean({ count, sum, scale }: Omit<ExactParts, 'squares'>): Outcome {
  const float = toFloat64(sum);
  return float === undefined ? error : finished(float / (count * powerOfTen(scale)));
}

/** Digits of n and Q together beyond which the numerator n*Q - S*S may not fit into SQL's decimal. */
const maxNumeratorDigits = 36;
const halfDigits = 10n ** 18n;

/**
 * Sample variance (n*Q - S*S) / (n * (n - 1)) / 10^(2 scale). The numerator is an exact integer of at most 36 digits, converted in two
 * halves of 18 digits, each of which every engine converts alike. Null for fewer than two values.
 */
export function variance({ count, sum, squares, scale }: ExactParts): Outcome {
  if (String(squares).length + String(count).length > maxNumeratorDigits) return error;
  if (count < 2) return finished(null);
  const numerator = BigInt(count) * BigInt(squares) - BigInt(sum) * BigInt(sum);
  const float = Number(numerator / halfDigits) * 1e18 + Number(numerator % halfDigits);
  return finished(float / (count * (count - 1)) / powerOfTen(2 * scale));
}

/** Square root of the variance. */
export function stddev(parts: ExactParts): Outcome {
  const squared = variance(parts);
  return squared.kind === 'value' && typeof squared.value === 'number' ? finished(Math.sqrt(squared.value)) : squared;
}

/** True for aggregates whose empty window counts nothing and so is 0. */
export const isZeroWhenEmpty = (kind: Aggregation['kind']): boolean =>
  kind === 'count' || kind === 'sum' || kind === 'distinct';

/**
 * numerator / denominator in float64. Empty where the denominator's window is; null where the denominator is 0 or null; an empty
 * numerator counts as 0 for count, sum and distinct and as null for the rest; an error of either is an error.
 */
export function ratio(numeratorKind: Aggregation['kind'], numerator: Outcome, denominator: Outcome): Outcome {
  if (numerator.kind === 'error' || denominator.kind === 'error') return error;
  if (denominator.kind === 'empty') return denominator;
  const above = numerator.kind === 'empty' ? (isZeroWhenEmpty(numeratorKind) ? 0 : null) : toFloat(numerator.value);
  const below = toFloat(denominator.value);
  if (above === null || below === null || below === 0) return finished(null);
  return finished(above === 0 ? 0 : above / below); // 0 over a negative number would be -0, on which engines do not agree
}

const toFloat = (value: Value): number | null =>
  typeof value === 'bigint' || typeof value === 'number' ? Number(value) : null;

/** What of an aggregated feature decides its value in an empty window. */
export interface FinishedFeature {
  readonly formula: Formula;
  readonly type: FeatureType;
  /** Undefined: none declared. */
  readonly default?: Value;
}

/**
 * The stored value of a finished window and its mark. Empty: the declared default, else 0 for count, sum and distinct, else null, marked
 * `d`. Error: null, marked `e`.
 */
export function featureValue(feature: FinishedFeature, outcome: Outcome): { value: Value; mark: string } {
  if (outcome.kind === 'value') return { value: outcome.value, mark: rowMarks.present };
  if (outcome.kind === 'error') return { value: null, mark: rowMarks.error };
  const { formula, type } = feature;
  const zero = formula.kind !== 'ratio' && isZeroWhenEmpty(formula.kind) ? (type === 'int64' ? 0n : 0) : null;
  return { value: feature.default === undefined ? zero : feature.default, mark: rowMarks.empty };
}
