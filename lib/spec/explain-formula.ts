import {
  type Aggregation,
  aggregationsOf,
  type ColumnAggregation,
  distinctRegisters,
  type Formula,
} from './aggregation.ts';
import { durationText } from './duration-text.ts';
import type { Expression, Literal } from './expression.ts';
import type { AggregatedFeature } from './manifest.ts';

const symbols = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
const literalText = (literal: Literal): string => (typeof literal === 'string' ? `'${literal}'` : String(literal));

/** A filter as one would say it: `status = 'cancelled' and fare > 3`. */
export function expressionText(expression: Expression): string {
  switch (expression.op) {
    case 'and':
    case 'or':
      return expression.of.map((part) => grouped(part)).join(` ${expression.op} `);
    case 'not':
      return `not ${grouped(expression.of)}`;
    case 'isNull':
      return `${expression.column} is null`;
    case 'isNotNull':
      return `${expression.column} is not null`;
    case 'in':
      return `${expression.column} is one of ${expression.values.map(literalText).join(', ')}`;
    default:
      return `${expression.column} ${symbols[expression.op]} ${literalText(expression.value)}`;
  }
}
const grouped = (part: Expression): string =>
  (part.op === 'and' || part.op === 'or') && part.of.length > 1 ? `(${expressionText(part)})` : expressionText(part);

const phrases = {
  sum: () => 'sum of',
  mean: () => 'mean of',
  min: () => 'least',
  max: () => 'greatest',
  variance: () => 'sample variance of',
  stddev: () => 'sample standard deviation of',
  first: () => 'first',
  last: () => 'last',
  lastN: ({ limit }) => `last ${limit} values, oldest first, of`,
  distinct: () => 'number of different values of',
  approxQuantile: ({ quantile }) => `quantile ${quantile} of`,
} as const satisfies Record<ColumnAggregation['kind'], (aggregation: ColumnAggregation) => string>;

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
const estimateError = percent(1.04 / Math.sqrt(distinctRegisters));

/** How near the value is to the exact one, where it is a sketch's; empty for all others. */
function precisionText({ kind, exactUpTo, relativeError }: ColumnAggregation): string {
  if (kind === 'distinct' && exactUpTo !== undefined)
    return `, exact up to ${exactUpTo}, beyond it an estimate with a standard error of ${estimateError}`;
  return relativeError === undefined ? '' : `, off by at most ${percent(relativeError)} of itself`;
}

/** What is aggregated, over which window: `mean of fare over the events in (t - 30d, t]`; a window with a hop is described by its view. */
function aggregationText(aggregation: Aggregation): string {
  const hop = (aggregation.hopMillis ?? 1) > 1 ? ` by hops of ${durationText(aggregation.hopMillis ?? 1)}` : '';
  const window = `in (t - ${durationText(aggregation.windowMillis)}, t]${hop}`;
  const where = aggregation.where ? ` where ${expressionText(aggregation.where)}` : '';
  if (aggregation.kind === 'count') return `number of events ${window}${where}`;
  const digits = aggregation.scale === undefined ? '' : `, kept to ${aggregation.scale} decimal digits`;
  const phrase = phrases[aggregation.kind](aggregation);
  return `${phrase} ${aggregation.column} over the events ${window}${where}${digits}${precisionText(aggregation)}`;
}

const isZeroWhenEmpty = (formula: Formula): boolean =>
  formula.kind === 'count' || formula.kind === 'sum' || formula.kind === 'distinct';

/** One sentence on how a feature of a batch or stream view is computed, with its window, bounds and what an empty window gives. */
export function formulaText({ formula, default: fallback }: AggregatedFeature): string {
  const [first, second] = aggregationsOf(formula).map(aggregationText);
  const what = second === undefined ? first : `${first}, divided by the ${second}`;
  const nothing =
    fallback !== undefined ? `its default ${JSON.stringify(fallback)}` : isZeroWhenEmpty(formula) ? '0' : 'null';
  const empty =
    formula.kind === 'count'
      ? `${nothing} where there is none`
      : formula.kind === 'ratio'
        ? `${nothing} where the divisor's window is empty, null where the divisor is 0`
        : `nulls do not count; ${nothing} where no value counts`;
  return `${what}; ${empty}`;
}
