import type { FeatureType } from '#spec/value-type.ts';
import { asDefinition, documentationOf } from './definition.ts';
import type { Names, Refuse } from './definition-error.ts';
import type { Entity } from './entity.ts';
import type { ColumnFeature } from './feature.ts';
import { originOfCaller } from './origin.ts';
import type { RowSource } from './row-source.ts';
import type { RefuseKeys, StoredViewOptions } from './stored-view.ts';
import { handlesOf, type View } from './view.ts';

export type ColumnFeatures = Readonly<Record<string, ColumnFeature>>;

/** The source's rows are feature rows: the latest row per entity counts, whole rows only. */
export interface TableView<
  TName extends string = string,
  TTypes extends Readonly<Record<string, FeatureType>> = Readonly<Record<string, FeatureType>>,
> extends View<TName, TTypes> {
  readonly kind: 'table';
  readonly options: TableViewOptions<Entity, RowSource, ColumnFeatures>;
}

export interface TableViewOptions<TEntity extends Entity, TSource extends RowSource, TFeatures extends ColumnFeatures>
  extends StoredViewOptions<TEntity> {
  readonly source: TSource;
  readonly features: TFeatures;
  /** Milliseconds: how often new files are looked for, besides the event that each new file sends. @default on events only */
  readonly schedule?: number;
}

type ColumnName<TName, TFeature> =
  TFeature extends ColumnFeature<infer TColumn> ? (TColumn extends string ? TColumn : TName) : never;
type ColumnProblem<TColumn, TSource extends RowSource> = TColumn extends keyof TSource['schema'] & string
  ? TSource['schema'][TColumn]['type'] extends FeatureType
    ? never
    : `column "${TColumn}" of source "${TSource['name']}" is ${TSource['schema'][TColumn]['type']}, which only aggregates can read; a feature needs a type that can be stored`
  : `column "${TColumn & string}" is not in source "${TSource['name']}"; it has ${Names<keyof TSource['schema']>}`;
type RefuseColumns<TFeatures extends ColumnFeatures, TSource extends RowSource> = {
  readonly [TName in keyof TFeatures]: string extends keyof TSource['schema']
    ? unknown
    : Refuse<ColumnProblem<ColumnName<TName, TFeatures[TName]>, TSource>>;
};
type ColumnTypes<TFeatures extends ColumnFeatures, TSource extends RowSource> = {
  readonly [TName in keyof TFeatures]: ColumnName<TName, TFeatures[TName]> extends infer TColumn extends
    keyof TSource['schema']
    ? TSource['schema'][TColumn]['type'] & FeatureType
    : never;
};

/**
 * Defines a view of a source's rows:
 * `tableView('weather', { entity: airport, source: weather, ttl: hours(3), features: { humidity: feature() } })`.
 */
export function tableView<
  const TName extends string,
  TEntity extends Entity,
  TSource extends RowSource,
  const TFeatures extends ColumnFeatures,
>(
  name: TName,
  options: TableViewOptions<
    TEntity,
    TSource & RefuseKeys<TEntity, TSource>,
    TFeatures & RefuseColumns<TFeatures, TSource>
  >,
): TableView<TName, ColumnTypes<TFeatures, TSource>> {
  const view: TableView<TName, ColumnTypes<TFeatures, TSource>> = asDefinition({
    kind: 'table',
    name,
    version: options.version ?? 1,
    options,
    features: handlesOf<TName, ColumnTypes<TFeatures, TSource>>(() => view, Object.keys(options.features)),
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
  return view;
}
