import type { FeatureTypes } from './column-types.ts';
import { asDefinition, type Documentation, documentationOf } from './definition.ts';
import type { Refuse } from './definition-error.ts';
import type { Entity } from './entity.ts';
import type { Formulas, FormulaTypes, RefuseFormulas } from './formulas.ts';
import { originOfCaller } from './origin.ts';
import type { RowSource } from './row-source.ts';
import type { RefuseKeys } from './stored-view.ts';
import { handlesOf, type View } from './view.ts';

/** Aggregates over the events of a stream, evaluated at the instant of the request or of the label. */
export interface StreamView<TName extends string = string, TTypes extends FeatureTypes = FeatureTypes>
  extends View<TName, TTypes> {
  readonly kind: 'streamView';
  readonly options: StreamViewOptions<Entity, RowSource, Formulas>;
}

export interface StreamViewOptions<TEntity extends Entity, TSource extends RowSource, TFeatures extends Formulas>
  extends Documentation {
  readonly entity: TEntity;
  readonly source: TSource;
  /** A new one for every change of a feature's type, formula, window or hop. @default 1 */
  readonly version?: number;
  /** Whether windows are also kept in the online store. @default true */
  readonly online?: boolean;
  /** Keeps every event for as long as a window holds it, so that windows are exact to the millisecond. @default false: the tail moves by hops */
  readonly exact?: boolean;
  /** Exact views only: events that an entity may have in its longest window, 1 to 5,000; a window of more is ERROR. @default 1,000 */
  readonly maxEvents?: number;
  readonly features: TFeatures;
}

type RefuseParquet<TSource extends RowSource> = Refuse<
  TSource extends { readonly kind: 'parquet' }
    ? `source "${TSource['name']}" is Parquet files, which have no arrivals: aggregate them with batchView`
    : never
>;

/**
 * Defines aggregates that are fresh within seconds:
 * `streamView('user_orders_live', { entity: user, source: orders, features: { orders_1h: count({ window: hours(1) }) } })`.
 */
export function streamView<
  const TName extends string,
  TEntity extends Entity,
  TSource extends RowSource,
  const TFeatures extends Formulas,
>(
  name: TName,
  options: StreamViewOptions<
    TEntity,
    TSource & RefuseParquet<TSource> & RefuseKeys<TEntity, TSource>,
    TFeatures & RefuseFormulas<TFeatures, TSource>
  >,
): StreamView<TName, FormulaTypes<TFeatures, TSource>> {
  const view: StreamView<TName, FormulaTypes<TFeatures, TSource>> = asDefinition({
    kind: 'streamView',
    name,
    version: options.version ?? 1,
    options,
    features: handlesOf<TName, FormulaTypes<TFeatures, TSource>>(() => view, Object.keys(options.features)),
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
  return view;
}
