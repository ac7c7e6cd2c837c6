import { type Aggregation, aggregationsOf, type ColumnAggregation, defaultExactUpTo } from '#spec/aggregation.ts';
import { canonicalJson } from '#spec/canonical-json.ts';
import type { Expression } from '#spec/expression.ts';
import type { AggregatedFeature, StreamSource, StreamView } from '#spec/manifest.ts';
import { type ColumnType, decimalParts, isFloatType, type Value } from '#spec/value-type.ts';
import { squareBound, sumBound } from '../scaled-sum.ts';
import { exponentEnd } from './ddsketch.ts';
import { defaultValue } from './default-value.ts';

/** What identifies a window of a view: two aggregations of equal length and hop read the same events. */
export interface Window {
  readonly windowMillis: number;
  readonly hopMillis: number;
}

/**
 * What a tile keeps of its events for some aggregates, mergeable in any order. Only events whose filter is true contribute, and (but for
 * counts of events) only usable values: not null, finite, -0 as 0.
 * - count: number of events, or with a column of usable values
 * - sum, squares: of the exact integers (lib/semantics/scaled-sum.ts) whose magnitude is below `bound`, where there is one; nothing
 *   where there are none, which is not 0
 * - beyond: number of values whose magnitude, as the exact integer (without `scale`: as float64), is `bound` or more
 * - min, max: of the values
 * - first, last, lastN: by (event time, value), with their event times
 * - distinct: hashes of the values, or registers of more than `exactUpTo`
 * - quantile: counts by bucket of values below 2^63 in magnitude
 */
export type PartKind =
  | 'count'
  | 'sum'
  | 'squares'
  | 'beyond'
  | 'min'
  | 'max'
  | 'first'
  | 'last'
  | 'lastN'
  | 'distinct'
  | 'quantile';

export interface Part {
  readonly kind: PartKind;
  /** Absent only where events are counted. */
  readonly column?: string;
  /** Of the column. */
  readonly type?: ColumnType;
  readonly where?: Expression;
  /** sum, squares, and beyond of those: decimal digits that the exact integers carry after the point. */
  readonly scale?: number;
  /** Exclusive, a power of two. */
  readonly bound?: number;
  /** lastN: values kept at most. */
  readonly limit?: number;
  /** distinct: different values that are counted exactly. */
  readonly exactUpTo?: number;
  readonly relativeError?: number;
  /** Index of what it reads of an event; absent where events are counted. */
  readonly field?: number;
  /** Index of its filter. */
  readonly filter?: number;
  /** Indexes of the windows that read it, ascending. */
  readonly windows: readonly number[];
  /** The greatest of them: tiles of greater levels do not hold the part. */
  readonly lastWindow: number;
}

/** What parts read of an event: the value of a column, or its hash. */
export interface Field {
  readonly column: string;
  readonly type: ColumnType;
  readonly isHash: boolean;
}

/** An aggregation of a feature: which window it reads and, by kind, which parts (indexes). */
export interface PlannedAggregation {
  readonly kind: Aggregation['kind'];
  readonly window: number;
  readonly parts: Readonly<Partial<Record<PartKind, number>>>;
  /** Of its column; absent for count. */
  readonly type?: ColumnType;
  /** Decimal digits that its exact integers carry after the point; 0 where it has none. */
  readonly scale: number;
  readonly quantile?: number;
}

export interface PlannedFeature extends Pick<AggregatedFeature, 'formula' | 'type'> {
  readonly default?: Value;
  /** One, or numerator and denominator of a ratio. */
  readonly aggregations: readonly PlannedAggregation[];
}

/** How the state of an entity in a stream view is kept and finished. Indexes into `windows` and `parts` are part of stored states. */
export interface WindowPlan {
  /** Sorted by (windowMillis, hopMillis), distinct. */
  readonly windows: readonly Window[];
  /**
   * Length of the tiles of level i: the greatest that divides the hops of windows i and greater. A tile ends, inclusively, at a multiple of it
   * and is read by windows i and greater.
   */
  readonly levelMillis: readonly number[];
  readonly parts: readonly Part[];
  /** Everything that is read of an event, each once. */
  readonly fields: readonly Field[];
  /** Different filters of the parts. */
  readonly filters: readonly Expression[];
  /** In the view's order. */
  readonly features: readonly PlannedFeature[];
  /** Types of the source's columns, for filters. */
  readonly types: Readonly<Record<string, ColumnType>>;
  /** Present: events are kept, not tiles; a window of more than maxEvents events is an error. */
  readonly exact?: { readonly maxEvents: number };
}

/** Exclusive bound of |x| in quantiles: the greatest bucket ends there. */
export const quantileBound = 2 ** exponentEnd;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

const isSquared = (kind: Aggregation['kind']): boolean => kind === 'variance' || kind === 'stddev';
const windowOf = ({ windowMillis, hopMillis = 1 }: Aggregation): Window => ({ windowMillis, hopMillis });
const isSame = (a: Window, b: Window): boolean => a.windowMillis === b.windowMillis && a.hopMillis === b.hopMillis;

function windowsOf(aggregations: readonly Aggregation[]): Window[] {
  const sorted = aggregations
    .map(windowOf)
    .sort((a, b) => a.windowMillis - b.windowMillis || a.hopMillis - b.hopMillis);
  return sorted.filter((window, index) => {
    const before = sorted[index - 1];
    return before === undefined || !isSame(before, window);
  });
}

const levelsOf = (windows: readonly Window[]): number[] =>
  windows.map((_, level) => windows.slice(level).reduce((length, { hopMillis }) => gcd(length, hopMillis), 0));

/** Decimal digits that the exact integers of a column carry after the point. */
const scaleOf = ({ scale = 0 }: ColumnAggregation, type: ColumnType): number =>
  decimalParts(type)?.scale ?? (isFloatType(type) ? scale : 0);

type PartShape = Omit<Part, 'field' | 'filter' | 'windows' | 'lastWindow'>;

/** Parts of an aggregation without windows, in the order in which they are kept. */
function shapesOf(aggregation: Aggregation, types: WindowPlan['types']): PartShape[] {
  const filtered = aggregation.where === undefined ? {} : { where: aggregation.where };
  if (aggregation.kind === 'count') return [{ kind: 'count', ...filtered }];
  const { kind, column } = aggregation;
  const type = types[column] ?? 'string';
  const of = { column, type, ...filtered };
  switch (kind) {
    case 'min':
    case 'max':
    case 'first':
    case 'last':
      return [{ kind, ...of }];
    case 'lastN':
      return [{ kind, ...of, limit: aggregation.limit ?? 1 }];
    case 'distinct':
      return [{ kind, ...of, exactUpTo: aggregation.exactUpTo ?? defaultExactUpTo }];
    case 'approxQuantile':
      return [
        { kind: 'quantile', ...of, relativeError: aggregation.relativeError ?? 0.01 },
        { kind: 'beyond', ...of, bound: quantileBound },
      ];
    default:
      return exactShapes(aggregation, of);
  }
}

/** Parts of sum, mean, variance and stddev. Sums say by themselves that nothing counted, so only the others need the count. */
function exactShapes(
  aggregation: ColumnAggregation,
  of: Pick<PartShape, 'where'> & { column: string; type: ColumnType },
): PartShape[] {
  const { kind } = aggregation;
  const scale = scaleOf(aggregation, of.type);
  const bound = isSquared(kind) ? squareBound : isFloatType(of.type) ? sumBound : undefined;
  const exact = { ...of, scale, ...(bound === undefined ? {} : { bound }) };
  return [
    ...(kind === 'sum' ? [] : [{ kind: 'count', ...of } as const]),
    { kind: 'sum', ...exact },
    ...(isSquared(kind) ? [{ kind: 'squares', ...exact } as const] : []),
    ...(bound === undefined ? [] : [{ kind: 'beyond', ...exact } as const]),
  ];
}

/** Different items in order of first need, each with its index. */
class Distinct<T> {
  readonly items: T[] = [];
  readonly #indexes = new Map<string, number>();

  indexOf(item: T): number {
    const key = canonicalJson(item);
    const index = this.#indexes.get(key) ?? this.items.push(item) - 1;
    this.#indexes.set(key, index);
    return index;
  }
}

/** Collects the parts of all aggregations, each once. */
class Parts {
  readonly #types: WindowPlan['types'];
  readonly #windows: readonly Window[];
  readonly #shapes = new Distinct<PartShape>();
  readonly #fields = new Distinct<Field>();
  readonly #filters = new Distinct<Expression>();
  readonly #readBy = new Map<number, Set<number>>();

  constructor(types: WindowPlan['types'], windows: readonly Window[]) {
    this.#types = types;
    this.#windows = windows;
  }

  plan(aggregation: Aggregation): PlannedAggregation {
    const window = this.#windows.findIndex((known) => isSame(known, windowOf(aggregation)));
    const parts: Partial<Record<PartKind, number>> = {};
    for (const shape of shapesOf(aggregation, this.#types)) parts[shape.kind] = this.#partFor(shape, window);
    if (aggregation.kind === 'count') return { kind: 'count', window, parts, scale: 0 };
    const type = this.#types[aggregation.column] ?? 'string';
    const { kind, quantile } = aggregation;
    const scale = scaleOf(aggregation, type);
    return { kind, window, parts, type, scale, ...(quantile === undefined ? {} : { quantile }) };
  }

  #partFor(shape: PartShape, window: number): number {
    const index = this.#shapes.indexOf(shape);
    this.#readBy.set(index, (this.#readBy.get(index) ?? new Set()).add(window));
    return index;
  }

  all(): Pick<WindowPlan, 'parts' | 'fields' | 'filters'> {
    const parts = this.#shapes.items.map((shape, index): Part => {
      const windows = [...(this.#readBy.get(index) ?? [])].sort((a, b) => a - b);
      const { column, type, where, kind } = shape;
      return {
        ...shape,
        ...(column === undefined || type === undefined
          ? {}
          : { field: this.#fields.indexOf({ column, type, isHash: kind === 'distinct' }) }),
        ...(where === undefined ? {} : { filter: this.#filters.indexOf(where) }),
        windows,
        lastWindow: windows.at(-1) ?? 0,
      };
    });
    return { parts, fields: this.#fields.items, filters: this.#filters.items };
  }
}

/** The windows, tiles and parts of a stream view. Equal views give equal plans: stored states refer to its indexes. */
export function planWindows(
  view: Pick<StreamView, 'features' | 'exact'>,
  source: Pick<StreamSource, 'schema'>,
): WindowPlan {
  const types = Object.fromEntries(source.schema.map(({ name, type }) => [name, type]));
  const windows = windowsOf(view.features.flatMap(({ formula }) => aggregationsOf(formula)));
  const parts = new Parts(types, windows);
  const features = view.features.map((feature): PlannedFeature => {
    const { formula, type } = feature;
    const fallback = defaultValue(feature);
    const aggregations = aggregationsOf(formula).map((aggregation) => parts.plan(aggregation));
    return { formula, type, aggregations, ...(fallback === undefined ? {} : { default: fallback }) };
  });
  return {
    windows,
    levelMillis: levelsOf(windows),
    ...parts.all(),
    features,
    types,
    ...(view.exact === undefined ? {} : { exact: view.exact }),
  };
}
