import type { FeatureType } from '#spec/value-type.ts';
import type { Formula, ResultType } from './aggregates.ts';
import { asDefinition, documentationOf } from './definition.ts';
import type { Entity } from './entity.ts';
import { originOfCaller } from './origin.ts';
import type { ParquetSource } from './parquet-source.ts';
import type { Read, ReadsOf, RefuseReads } from './reads.ts';
import type { RefuseKeys, StoredViewOptions } from './stored-view.ts';
import { handlesOf, type View } from './view.ts';

export type Formulas = Readonly<Record<string, Formula>>;

/** Aggregates over a source's events, computed at every tick: the multiples of `schedule` since the epoch, in UTC. */
export interface BatchView<
  TName extends string = string,
  TTypes extends Readonly<Record<string, FeatureType>> = Readonly<Record<string, FeatureType>>,
> extends View<TName, TTypes> {
  readonly kind: 'batch';
  readonly options: BatchViewOptions<Entity, ParquetSource, Formulas>;
}

export interface BatchViewOptions<TEntity extends Entity, TSource extends ParquetSource, TFeatures extends Formulas>
  extends StoredViewOptions<TEntity> {
  readonly source: TSource;
  /** Milliseconds between ticks, as `hours(1)`. */
  readonly schedule: number;
  /** Ticks before the newest computed one that every run computes again, for events that arrive late. @default 0 */
  readonly recompute?: number;
  readonly features: TFeatures;
}

type RefuseFormulas<TFeatures extends Formulas, TSource extends ParquetSource> = {
  readonly [TName in keyof TFeatures]: RefuseReads<TFeatures[TName], TSource>;
};
type AggregatedColumn<TFormula extends Formula> = Extract<
  ReadsOf<TFormula>,
  Read<string, TFormula['kind'] & Read['use']>
>['column'];
type FormulaTypes<TFeatures extends Formulas, TSource extends ParquetSource> = {
  readonly [TName in keyof TFeatures]: ResultType<
    TFeatures[TName]['kind'],
    TSource['schema'][AggregatedColumn<TFeatures[TName]>]['type']
  >;
};

/**
 * Defines aggregates over events:
 * `batchView('driver_stats', { entity: driver, source: trips, schedule: hours(1), features: { trips_30d: count({ window: days(30) }) } })`.
 */
export function batchView<
  const TName extends string,
  TEntity extends Entity,
  TSource extends ParquetSource,
  const TFeatures extends Formulas,
>(
  name: TName,
  options: BatchViewOptions<
    TEntity,
    TSource & RefuseKeys<TEntity, TSource>,
    TFeatures & RefuseFormulas<TFeatures, TSource>
  >,
): BatchView<TName, FormulaTypes<TFeatures, TSource>> {
  const view: BatchView<TName, FormulaTypes<TFeatures, TSource>> = asDefinition({
    kind: 'batch',
    name,
    version: options.version ?? 1,
    options,
    features: handlesOf<FormulaTypes<TFeatures, TSource>>(() => view, Object.keys(options.features)),
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
  return view;
}
