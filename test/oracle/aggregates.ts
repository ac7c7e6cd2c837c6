import { distinctEstimate, quantileOf } from './sketches.ts';
import { compare, type OracleValue } from './values.ts';

/** An event of one entity, at the time by which windows are cut. */
export interface OracleEvent {
  /** Null: the event has no entity and counts nowhere. */
  readonly key: string | null;
  readonly at: number;
  readonly row: Readonly<Record<string, OracleValue>>;
}

/** An aggregate in plain words; `where` is decided by the caller per event: true, false or null (unknown). */
export interface OracleAggregate {
  readonly kind: string;
  readonly column?: string;
  readonly window: number;
  /** Stream views only. */
  readonly hop?: number;
  readonly where?: (row: OracleEvent['row']) => boolean | null;
  /** Decimal digits of exact sums of a float or decimal column; undefined for integers. */
  readonly scale?: number;
  /** lastN: how many. */
  readonly limit?: number;
  /** distinct of a stream: how many are counted exactly, and the column's type. */
  readonly exactUpTo?: number;
  readonly type?: string;
  /** approxQuantile. */
  readonly quantile?: number;
  readonly relativeError?: number;
}
export type OracleFormula =
  | OracleAggregate
  | { readonly kind: 'ratio'; readonly above: OracleAggregate; readonly below: OracleAggregate };

export interface OracleFeature {
  readonly formula: OracleFormula;
  /** Undefined: none declared. */
  readonly default?: OracleValue;
  readonly isInteger: boolean;
}

/** The events that lie in the window of an aggregate; 'error' where the window itself is not known. */
export type WindowOf = (aggregate: OracleAggregate) => readonly OracleEvent[] | 'error';

/** A feature's value and mark: '.' value, 'd' empty window, 'e' not representable. */
export function featureOf(feature: OracleFeature, windowOf: WindowOf): { value: OracleValue; mark: string } {
  const { formula } = feature;
  const result = 'above' in formula ? ratioOf(formula, windowOf) : aggregateOf(formula, windowOf);
  if (result === 'error') return { value: null, mark: 'e' };
  if (result !== 'empty') return { value: result, mark: '.' };
  if (feature.default !== undefined) return { value: feature.default, mark: 'd' };
  const isZero = formula.kind === 'count' || formula.kind === 'sum' || formula.kind === 'distinct';
  return { value: isZero ? (feature.isInteger ? 0n : 0) : null, mark: 'd' };
}

function ratioOf(
  { above, below }: { above: OracleAggregate; below: OracleAggregate },
  windowOf: WindowOf,
): OracleValue | 'empty' | 'error' {
  const [top, bottom] = [aggregateOf(above, windowOf), aggregateOf(below, windowOf)];
  if (top === 'error' || bottom === 'error') return 'error';
  if (bottom === 'empty') return 'empty';
  const isZero = above.kind === 'count' || above.kind === 'sum' || above.kind === 'distinct';
  const numerator = top === 'empty' ? (isZero ? 0 : null) : top === null ? null : Number(top);
  const denominator = bottom === null ? null : Number(bottom);
  if (numerator === null || denominator === null || denominator === 0) return null;
  return numerator === 0 ? 0 : numerator / denominator;
}

function aggregateOf(aggregate: OracleAggregate, windowOf: WindowOf): OracleValue | 'empty' | 'error' {
  const { kind, column, where, scale } = aggregate;
  const all = windowOf(aggregate);
  if (all === 'error') return 'error';
  const inWindow = all.filter(({ row }) => where === undefined || where(row) === true);
  if (kind === 'count') return inWindow.length === 0 ? 'empty' : BigInt(inWindow.length);
  const usable = inWindow
    .map(({ at, row }) => ({ at, value: row[column ?? ''] ?? null }))
    .filter(({ value }) => value !== null && !(typeof value === 'number' && !Number.isFinite(value)))
    .map(({ at, value }) => ({ at, value: value === 0 ? 0 : value }));
  if (usable.length === 0) return 'empty';
  const values = usable.map(({ value }) => value);
  switch (kind) {
    case 'min':
      return values.reduce((best, value) => (compare(value, best) < 0 ? value : best));
    case 'max':
      return values.reduce((best, value) => (compare(value, best) > 0 ? value : best));
    case 'first':
    case 'last': {
      const sign = kind === 'first' ? 1 : -1;
      const sorted = [...usable].sort((a, b) => sign * (a.at - b.at || compare(a.value, b.value)));
      return sorted[0]?.value ?? null;
    }
    case 'distinct': {
      const seen: OracleValue[] = [];
      for (const value of new Set(values)) if (!seen.some((other) => isEqual(other, value))) seen.push(value);
      if (aggregate.exactUpTo === undefined || seen.length <= aggregate.exactUpTo) return BigInt(seen.length);
      return distinctEstimate(aggregate.type ?? 'string', seen);
    }
    case 'lastN': {
      const sorted = [...usable].sort((a, b) => a.at - b.at || compare(a.value, b.value));
      return sorted.slice(-(aggregate.limit ?? 1)).map(({ value }) => value);
    }
    case 'approxQuantile':
      return quantileOf(values.map(Number), aggregate.quantile ?? 0.5, aggregate.relativeError ?? 0.01);
    default:
      return numeric(kind, values, scale);
  }
}

/** As compare says; of texts, which are many, at once. */
const isEqual = (a: OracleValue, b: OracleValue): boolean =>
  typeof a === 'string' && typeof b === 'string' ? a === b : compare(a, b) === 0;

/** sum, mean, variance, stddev over exact integers: round(x * 10^scale), half away from zero. */
function numeric(kind: string, values: readonly OracleValue[], scale: number | undefined): OracleValue | 'error' {
  const limit = kind === 'variance' || kind === 'stddev' ? 2n ** 47n : 2n ** 53n;
  const isBounded = scale !== undefined || kind === 'variance' || kind === 'stddev';
  const integers: bigint[] = [];
  for (const value of values) {
    if (typeof value === 'number' && scale !== undefined) {
      const scaled = Math.abs(value) * 10 ** scale;
      if (scaled >= 2 ** 60) return 'error';
      integers.push(BigInt(Math.sign(value) * roundHalfUp(scaled)));
    } else integers.push(BigInt(value as bigint | number)); // integer columns
  }
  if (isBounded && integers.some((n) => (n < 0n ? -n : n) >= limit)) return 'error';
  const n = BigInt(integers.length);
  const sum = integers.reduce((a, b) => a + b, 0n);
  const power = 10 ** (scale ?? 0);
  if (kind === 'sum' || kind === 'mean') {
    if ((sum < 0n ? -sum : sum) >= 2n ** 63n) return 'error';
    if (kind === 'mean') return Number(sum) / (Number(n) * power);
    return scale === undefined ? sum : Number(sum) / power;
  }
  const squares = integers.reduce((a, b) => a + b * b, 0n);
  if (`${squares}`.length + `${n}`.length > 36) return 'error';
  if (n < 2n) return null;
  const numerator = n * squares - sum * sum;
  const half = 10n ** 18n;
  const exact = Number(numerator / half) * 1e18 + Number(numerator % half);
  const variance = exact / (Number(n) * Number(n - 1n)) / Number(`1e${2 * (scale ?? 0)}`);
  return kind === 'stddev' ? Math.sqrt(variance) : variance;
}

function roundHalfUp(x: number): number {
  const floor = Math.floor(x);
  return x - floor >= 0.5 ? floor + 1 : floor;
}
