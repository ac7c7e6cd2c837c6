import { squareBound, sumBound } from '#semantics/scaled-sum.ts';
import { partsPerPower } from '#semantics/stream/ddsketch.ts';
import { type Aggregation, aggregationsOf, type ColumnAggregation } from '#spec/aggregation.ts';
import { canonicalJson } from '#spec/canonical-json.ts';
import { eventColumns } from '#spec/layout.ts';
import type { AggregatedFeature, Column } from '#spec/manifest.ts';
import { type ColumnType, isFloatType } from '#spec/value-type.ts';
import {
  countsBeyond,
  countsValue,
  type EventValue,
  type ExactValue,
  exactInteger,
  exactSquare,
  filtered,
  scaleOf,
  timedType,
  timedValue,
  usableValue,
} from './event-values.ts';
import { type FrameWindow, withWindow } from './frame-window.ts';
import { quantileBeyond, quantileNumber } from './quantile-buckets.ts';
import { quoted } from './text.ts';
import { sqlType } from './types.ts';

interface Named {
  readonly name: string;
  /** What one event contributes (null: nothing). */
  readonly event: string;
  /** Windows over which it is needed. */
  readonly windows: readonly FrameWindow[];
}

/** A mergeable part of an aggregate; `fold`: how contributions of a cell, and cells of a window, combine. Shared by all that need it. */
export interface Part extends Named {
  readonly fold: 'sum' | 'min' | 'max';
  /** Type of the folded part, for typed nulls. */
  readonly type: string;
}

/** Values of a column whose distinct count is kept as +1/-1 at the ends of the intervals in which a value counts. */
export interface DistinctPart extends Named {
  readonly type: string;
}

/** Hashes of a column's values (bigint): exact up to so many, else estimated. Streams only. */
export interface HashPart extends Named {
  readonly exactUpTo: number;
}

/** The last values by (event time, value). Streams only. */
export interface ListPart extends Named {
  readonly limit: number;
  readonly type: string;
}

/** Values as doubles, for quantiles of their buckets. Streams only. */
export interface QuantilePart extends Named {
  readonly partsPerPower: number;
  /** Between 0 and 1. */
  readonly quantiles: readonly number[];
}

export interface PartPlanOptions {
  readonly schema: readonly Column[];
  readonly features: readonly AggregatedFeature[];
  /** Exact views of a stream: a window of more events is an error. */
  readonly maxEvents?: number | undefined;
}

/** Parts of one kind, each once: by what they are apart from their windows. */
class Collected<TPart extends Named> {
  readonly #prefix: string;
  readonly #parts = new Map<string, TPart>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get all(): readonly TPart[] {
    return [...this.#parts.values()];
  }

  add(window: FrameWindow, identity: unknown, make: (named: Pick<Named, 'name' | 'windows'>) => TPart): TPart {
    const key = canonicalJson(identity);
    const known = this.#parts.get(key);
    const name = known?.name ?? `${this.#prefix}${this.#parts.size}`;
    const part = make({ name, windows: withWindow(known?.windows ?? [], window) });
    this.#parts.set(key, part);
    return part;
  }
}

/** Collects the parts that a view's aggregates need, each once; asked again for an aggregation it names the same part. */
export class PartPlan {
  readonly maxEvents: number | undefined;
  readonly #schema: readonly Column[];
  readonly #parts = new Collected<Part>('_p');
  readonly #distincts = new Collected<DistinctPart>('_d');
  readonly #hashes = new Collected<HashPart>('_h');
  readonly #lists = new Collected<ListPart>('_l');
  readonly #quantiles = new Collected<QuantilePart>('_q');

  constructor({ schema, features, maxEvents }: PartPlanOptions) {
    this.#schema = schema;
    this.maxEvents = maxEvents;
    for (const { formula } of features) for (const aggregation of aggregationsOf(formula)) this.#collect(aggregation);
  }

  get parts(): readonly Part[] {
    return this.#parts.all;
  }
  get distincts(): readonly DistinctPart[] {
    return this.#distincts.all;
  }
  get hashes(): readonly HashPart[] {
    return this.#hashes.all;
  }
  get lists(): readonly ListPart[] {
    return this.#lists.all;
  }
  get quantiles(): readonly QuantilePart[] {
    return this.#quantiles.all;
  }

  typeOf(column: string): ColumnType {
    return this.#schema.find(({ name }) => name === column)?.type ?? 'string';
  }

  #collect(aggregation: Aggregation): void {
    this.count(aggregation);
    if (this.maxEvents !== undefined) this.events(aggregation);
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
        if (aggregation.exactUpTo === undefined) this.distinct(aggregation);
        else {
          this.hash(aggregation);
          this.unhashed(aggregation);
        }
        return;
      case 'lastN':
        this.list(aggregation);
        return;
      case 'approxQuantile':
        this.quantile(aggregation);
        this.beyond(aggregation);
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
    const event =
      aggregation.kind === 'count'
        ? `CAST(${filtered(aggregation.where, this.#schema, '1')} AS bigint)`
        : countsValue(this.#value(aggregation), this.#schema);
    return this.#sum(aggregation, event, 'bigint');
  }

  /** Number of all events of a window, whatever they hold. */
  events(aggregation: Aggregation): string {
    return this.#sum(aggregation, `CAST(1 AS bigint)`, 'bigint');
  }

  /** Exact sum of scaled integers. */
  sum(aggregation: ColumnAggregation): string {
    return this.#sum(aggregation, exactInteger(this.#exact(aggregation), this.#schema), 'decimal(38,0)');
  }

  /** Exact sum of squares of scaled integers. */
  squares(aggregation: ColumnAggregation): string {
    return this.#sum(aggregation, exactSquare(this.#exact(aggregation), this.#schema), 'decimal(38,0)');
  }

  /** Number of values too great for exact sums, or for buckets; undefined where there can be none. */
  beyond(aggregation: ColumnAggregation): string | undefined {
    const event =
      aggregation.kind === 'approxQuantile'
        ? quantileBeyond(this.#value(aggregation), this.#schema)
        : countsBeyond(this.#exact(aggregation), this.#schema);
    return event && this.#sum(aggregation, event, 'bigint');
  }

  extreme(aggregation: ColumnAggregation): string {
    const event = usableValue(this.#value(aggregation), this.#schema);
    const fold = aggregation.kind === 'min' ? 'min' : 'max';
    return this.#add(aggregation, { event, fold, type: sqlType(this.typeOf(aggregation.column)) });
  }

  /** First or last value as ROW(t, v). */
  edge(aggregation: ColumnAggregation): string {
    const value = this.#value(aggregation);
    const event = timedValue(value, this.#schema, '_t');
    return this.#add(aggregation, {
      event,
      fold: aggregation.kind === 'first' ? 'min' : 'max',
      type: timedType(value.type),
    });
  }

  /** Batch views: the part is over one window, for its ends depend on it. */
  distinct(aggregation: ColumnAggregation): string {
    const { windowMillis } = aggregation;
    const event = usableValue(this.#value(aggregation), this.#schema);
    const type = sqlType(this.typeOf(aggregation.column));
    return this.#distincts.add(aggregation, { event, windowMillis }, (named) => ({ ...named, event, type })).name;
  }

  hash(aggregation: ColumnAggregation): string {
    const { column, where, exactUpTo = 0 } = aggregation;
    const value = countsValue(this.#value(aggregation), this.#schema);
    const hash = quoted(eventColumns.hash(column));
    const event = `CASE WHEN ${value} IS NOT NULL THEN ${hash} END`;
    return this.#hashes.add(aggregation, { column, where, exactUpTo }, (named) => ({ ...named, event, exactUpTo }))
      .name;
  }

  /** Number of usable values that the log has no hash of: nobody knows how many different ones there are. */
  unhashed(aggregation: ColumnAggregation): string {
    const value = countsValue(this.#value(aggregation), this.#schema);
    const event = `CASE WHEN ${quoted(eventColumns.hash(aggregation.column))} IS NULL THEN ${value} END`;
    return this.#sum(aggregation, event, 'bigint');
  }

  list(aggregation: ColumnAggregation): string {
    const event = usableValue(this.#value(aggregation), this.#schema);
    const { limit = 1 } = aggregation;
    const type = sqlType(this.typeOf(aggregation.column));
    return this.#lists.add(aggregation, { event, limit }, (named) => ({ ...named, event, limit, type })).name;
  }

  quantile(aggregation: ColumnAggregation): string {
    const { relativeError = 0.01, quantile = 0.5 } = aggregation;
    const event = quantileNumber(this.#value(aggregation), this.#schema);
    const parts = partsPerPower(relativeError);
    const known = this.quantiles.find((part) => part.event === event && part.partsPerPower === parts)?.quantiles ?? [];
    const quantiles = known.includes(quantile) ? known : [...known, quantile];
    return this.#quantiles.add(aggregation, { event, parts }, (named) => ({
      ...named,
      event,
      partsPerPower: parts,
      quantiles,
    })).name;
  }

  #sum(window: FrameWindow, event: string, type: string): string {
    return this.#add(window, { event, fold: 'sum', type });
  }

  #add(window: FrameWindow, part: Pick<Part, 'event' | 'fold' | 'type'>): string {
    return this.#parts.add(window, { fold: part.fold, event: part.event }, (named) => ({ ...named, ...part })).name;
  }

  #value({ column, where }: ColumnAggregation): EventValue {
    return { column, type: this.typeOf(column), where };
  }

  #exact(aggregation: ColumnAggregation): ExactValue {
    const value = this.#value(aggregation);
    const isSquare = aggregation.kind === 'variance' || aggregation.kind === 'stddev';
    const bound = isSquare ? Number(squareBound) : isFloatType(value.type) ? Number(sumBound) : undefined;
    return { ...value, scale: scaleOf(aggregation, value.type), bound };
  }
}
