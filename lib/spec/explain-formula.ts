import { type Aggregation, aggregationsOf, type Formula } from './aggregation.ts';
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
  sum: 'sum of',
  mean: 'mean of',
  min: 'least',
  max: 'greatest',
  variance: 'sample variance of',
  stddev: 'sample standard deviation of',
  first: 'first',
  last: 'last',
  distinct: 'number of different values of',
} as const;

/** What is aggregated, over which window: `mean of fare over the events in (t - 30d, t]`. */
function aggregationText(aggregation: Aggregation): string {
  const window = `in (t - ${durationText(aggregation.windowMillis)}, t]`;
  const where = aggregation.where ? ` where ${expressionText(aggregation.where)}` : '';
  if (aggregation.kind === 'count') return `number of events ${window}${where}`;
  const digits = aggregation.scale === undefined ? '' : `, kept to ${aggregation.scale} decimal digits`;
  return `${phrases[aggregation.kind]} ${aggregation.column} over the events ${window}${where}${digits}`;
}

const isZeroWhenEmpty = (formula: Formula): boolean =>
  formula.kind === 'count' || formula.kind === 'sum' || formula.kind === 'distinct';

/** One sentence on how a feature of a batch view is computed, with its window, bounds and what an empty window gives. */
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
