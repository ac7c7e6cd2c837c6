import type { FeatureType } from '#spec/value-type.ts';
import type { StreamOnlyKind } from './aggregates.ts';
import { asDefinition, documentationOf } from './definition.ts';
import type { Refuse } from './definition-error.ts';
import type { Entity } from './entity.ts';
import type { Formulas, FormulaTypes, RefuseFormulas } from './formulas.ts';
import { originOfCaller } from './origin.ts';
import type { RowSource } from './row-source.ts';
import type { RefuseKeys, StoredViewOptions } from './stored-view.ts';
import { handlesOf, type View } from './view.ts';

/** Aggregates over a source's events, computed at every tick: the multiples of `schedule` since the epoch, in UTC. */
export interface BatchView<
  TName extends string = string,
  TTypes extends Readonly<Record<string, FeatureType>> = Readonly<Record<string, FeatureType>>,
> extends View<TName, TTypes> {
  readonly kind: 'batch';
  readonly options: BatchViewOptions<Entity, RowSource, Formulas>;
}

export interface BatchViewOptions<TEntity extends Entity, TSource extends RowSource, TFeatures extends Formulas>
  extends StoredViewOptions<TEntity> {
  readonly source: TSource;
  /** Milliseconds between ticks, as `hours(1)`. */
  readonly schedule: number;
  /** Ticks before the newest computed one that every run computes again, for events that arrive late. @default 0 */
  readonly recompute?: number;
  readonly features: TFeatures;
}

type RefuseStream<TSource extends RowSource> = Refuse<
  TSource extends { readonly kind: 'stream' }
    ? `source "${TSource['name']}" is a stream: aggregate its events with streamView`
    : never
>;
type RefuseStreamOnly<TFeatures extends Formulas> = {
  readonly [TName in keyof TFeatures]: Refuse<
    TFeatures[TName]['kind'] & StreamOnlyKind extends infer TKind extends string
      ? `${TKind} is for stream views only`
      : never
  >;
};

/**
 * Defines aggregates over events:
 * `batchView('driver_stats', { entity: driver, source: trips, schedule: hours(1), features: { trips_30d: count({ window: days(30) }) } })`.
 */
export function batchView<
  const TName extends string,
  TEntity extends Entity,
  TSource extends RowSource,
  const TFeatures extends Formulas,
>(
  name: TName,
  options: BatchViewOptions<
    TEntity,
    TSource & RefuseStream<TSource> & RefuseKeys<TEntity, TSource>,
    TFeatures & RefuseStreamOnly<TFeatures> & RefuseFormulas<TFeatures, TSource>
  >,
): BatchView<TName, FormulaTypes<TFeatures, TSource>> {
  const view: BatchView<TName, FormulaTypes<TFeatures, TSource>> = asDefinition({
    kind: 'batch',
    name,
    version: options.version ?? 1,
    options,
    features: handlesOf<TName, FormulaTypes<TFeatures, TSource>>(() => view, Object.keys(options.features)),
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
  return view;
}
