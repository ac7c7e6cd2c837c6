import { type Aggregation, aggregationsOf, type ColumnAggregation } from '#spec/aggregation.ts';
import { canonicalJson } from '#spec/canonical-json.ts';
import type { AggregatedFeature, Column } from '#spec/manifest.ts';
import { type ColumnType, decimalParts, isFloatType } from '#spec/value-type.ts';
import { quoted } from './text.ts';
import { sqlType, withoutNegativeZero } from './types.ts';
import { whereSql } from './where.ts';

/**
 * A mergeable part of an aggregate. `event`: what one event contributes (null: nothing); `fold`: how contributions of a cell, and cells of a
 * window, combine. Parts are shared by all aggregates that need them.
 */
export interface Part {
  readonly name: string;
  readonly event: string;
  readonly fold: 'sum' | 'min' | 'max';
  /** Type of the folded part, for the typed nulls of tick rows. */
  readonly type: string;
  /** Windows over which the part is needed. */
  readonly windowsMillis: Set<number>;
}

/** Values of a column whose distinct count is kept as +1/-1 at the ends of the intervals in which a value counts. */
export interface DistinctPart {
  readonly name: string;
  readonly event: string;
  readonly type: string;
  readonly windowMillis: number;
}

/** Exclusive bound of |x| * 10^scale in sums (2^53) and in sums of squares (2^47, so that no window overflows decimal(38)). */
export const sumBound = '9007199254740992e0';
export const squareBound = '140737488355328e0';

/** Collects the parts that a view's aggregates need, each once. */
export class PartPlan {
  readonly #schema: readonly Column[];
  readonly #parts = new Map<string, Part>();
  readonly #distincts = new Map<string, DistinctPart>();

  constructor(schema: readonly Column[], features: readonly AggregatedFeature[]) {
    this.#schema = schema;
    for (const { formula } of features) for (const aggregation of aggregationsOf(formula)) this.#collect(aggregation);
  }

  get parts(): readonly Part[] {
    return [...this.#parts.values()];
  }

  get distincts(): readonly DistinctPart[] {
    return [...this.#distincts.values()];
  }

  typeOf(column: string): ColumnType {
    return this.#schema.find(({ name }) => name === column)?.type ?? 'string';
  }

  #collect(aggregation: Aggregation): void {
    this.count(aggregation);
    switch (aggregation.kind) {
      case 'count':
        return;
      case 'min':
      case 'max':
        this.extreme(aggregation);
        return;
      case 'first':
      case 'last':
        this.edge(aggregation);
        return;
      case 'distinct':
        this.distinct(aggregation);
        return;
      case 'variance':
      case 'stddev':
        this.sum(aggregation);
        this.squares(aggregation);
        this.beyond(aggregation);
        return;
      default:
        this.sum(aggregation);
        this.beyond(aggregation);
    }
  }

  /** Number of events that count: rows for count, usable values for the rest. */
  count(aggregation: Aggregation): string {
    const counted = aggregation.kind === 'count' ? '1' : `CASE WHEN ${this.#value(aggregation)} IS NOT NULL THEN 1 END`;
    const event = aggregation.kind === 'count' ? this.#filtered(aggregation, '1') : counted;
    return this.#add(aggregation, { event: `CAST(${event} AS bigint)`, fold: 'sum', type: 'bigint' });
  }

  /** Exact sum of scaled integers. */
  sum(aggregation: ColumnAggregation): string {
    return this.#add(aggregation, {
      event: this.#bounded(aggregation, this.#scaled(aggregation)),
      fold: 'sum',
      type: 'decimal(38,0)',
    });
  }

  /** Exact sum of squares of scaled integers. */
  squares(aggregation: ColumnAggregation): string {
    const factor = `CAST(${this.#bounded(aggregation, this.#scaled(aggregation))} AS decimal(19,0))`;
    return this.#add(aggregation, {
      event: `CAST(${factor} * ${factor} AS decimal(38,0))`,
      fold: 'sum',
      type: 'decimal(38,0)',
    });
  }

  /** Number of values too great for exact sums; undefined where there can be none. */
  beyond(aggregation: ColumnAggregation): string | undefined {
    const bound = this.#bound(aggregation);
    if (!bound) return undefined;
    return this.#add(aggregation, {
      event: `CAST(CASE WHEN NOT (${bound}) THEN 1 END AS bigint)`,
      fold: 'sum',
      type: 'bigint',
    });
  }

  extreme(aggregation: ColumnAggregation): string {
    const fold = aggregation.kind === 'min' ? 'min' : 'max';
    return this.#add(aggregation, {
      event: this.#value(aggregation),
      fold,
      type: sqlType(this.typeOf(aggregation.column)),
    });
  }

  /** First or last value as ROW(t, v): the order is (event time, value). */
  edge(aggregation: ColumnAggregation): string {
    const type = `ROW(t bigint, v ${sqlType(this.typeOf(aggregation.column))})`;
    const value = this.#value(aggregation);
    const event = `CASE WHEN ${value} IS NOT NULL THEN CAST(ROW(_t, ${value}) AS ${type}) END`;
    return this.#add(aggregation, { event, fold: aggregation.kind === 'first' ? 'min' : 'max', type });
  }

  distinct(aggregation: ColumnAggregation): string {
    const { windowMillis } = aggregation;
    const event = this.#value(aggregation);
    const key = canonicalJson({ event, windowMillis });
    const known = this.#distincts.get(key);
    if (known) return known.name;
    const name = `_d${this.#distincts.size}`;
    this.#distincts.set(key, { name, event, type: sqlType(this.typeOf(aggregation.column)), windowMillis });
    return name;
  }

  #add({ windowMillis }: Aggregation, part: Pick<Part, 'event' | 'fold' | 'type'>): string {
    const key = `${part.fold} ${part.event}`;
    const known = this.#parts.get(key);
    known?.windowsMillis.add(windowMillis);
    if (known) return known.name;
    const name = `_p${this.#parts.size}`;
    this.#parts.set(key, { name, ...part, windowsMillis: new Set([windowMillis]) });
    return name;
  }

  #filtered(aggregation: Aggregation, expression: string): string {
    return aggregation.where
      ? `CASE WHEN ${whereSql(aggregation.where, this.#schema)} THEN ${expression} END`
      : expression;
  }

  /** The event's usable value: null where the filter is not true, the value is null, NaN or infinite. */
  #value(aggregation: ColumnAggregation): string {
    const type = this.typeOf(aggregation.column);
    const column = quoted(aggregation.column);
    const usable = isFloatType(type)
      ? `CASE WHEN is_finite(${column}) THEN ${withoutNegativeZero(column, type)} END`
      : column;
    return this.#filtered(aggregation, usable);
  }

  /** The value as an integer: round(x * 10^scale) half away from zero (a double), an integer column as it is, a decimal without its point. */
  #scaled(aggregation: ColumnAggregation): string {
    const type = this.typeOf(aggregation.column);
    const value = this.#value(aggregation);
    const decimal = decimalParts(type);
    if (decimal) return `${value} * CAST('1${'0'.repeat(decimal.scale)}' AS decimal(${decimal.scale + 1},0))`;
    return isFloatType(type) ? `round(CAST(${value} AS double) * 1e${aggregation.scale ?? 0})` : value;
  }

  #bound(aggregation: ColumnAggregation): string | undefined {
    const isFloat = isFloatType(this.typeOf(aggregation.column));
    const isSquare = aggregation.kind === 'variance' || aggregation.kind === 'stddev';
    if (!isFloat && !isSquare) return undefined;
    const scaled = this.#scaled(aggregation);
    return `abs(CAST(${scaled} AS double)) < ${isSquare ? squareBound : sumBound}`;
  }

  #bounded(aggregation: ColumnAggregation, scaled: string): string {
    const isFloat = isFloatType(this.typeOf(aggregation.column));
    // Through bigint: a double below 2^53 that is an integer converts exactly.
    const integer = isFloat ? `CAST(CAST(${scaled} AS bigint) AS decimal(38,0))` : `CAST(${scaled} AS decimal(38,0))`;
    const bound = this.#bound(aggregation);
    return bound ? `CASE WHEN ${bound} THEN ${integer} END` : integer;
  }
}

/** Decimal digits after the point that a column's scaled integers carry. */
export function scaleOf(aggregation: ColumnAggregation, type: ColumnType): number {
  return decimalParts(type)?.scale ?? (isFloatType(type) ? (aggregation.scale ?? 0) : 0);
}
