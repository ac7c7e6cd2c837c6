import type { FeatureType } from '#spec/value-type.ts';
import type { FeatureTypes } from './column-types.ts';
import type { Definition } from './definition.ts';
import type { CarriesTypes } from './transform-types.ts';

/** One feature of a view, as services name it: `driverStats.features.avg_fare_30d`. */
export interface FeatureHandle<
  TFeature extends string = string,
  TType extends FeatureType = FeatureType,
  TView extends string = string,
> {
  readonly feature: TFeature;
  readonly view: View<TView>;
  /** In types only: the type of a batch feature is known once its source's columns are. */
  readonly type?: TType;
}

/** What all views have in common: a name, a version and features in declared order. */
export interface View<TName extends string = string, TTypes extends FeatureTypes = FeatureTypes>
  extends Definition,
    CarriesTypes<TTypes> {
  readonly kind: 'table' | 'batch' | 'streamView' | 'onDemand';
  readonly name: TName;
  readonly version: number;
  readonly features: {
    readonly [TFeature in keyof TTypes & string]: FeatureHandle<TFeature, TTypes[TFeature], TName>;
  };
}

/**
 * Handles of a view's features; called once the view object exists, for handles point back to it. The caller says the types,
 * which exist for the compiler only.
 */
export function handlesOf<TName extends string, TTypes extends FeatureTypes>(
  view: () => View<TName>,
  names: readonly string[],
): View<TName, TTypes>['features'] {
  const handles = Object.fromEntries(
    names.map((feature) => [
      feature,
      Object.defineProperty({ feature }, 'view', { get: view, enumerable: true }) as FeatureHandle, // the getter adds `view`
    ]),
  );
  return handles as View<TName, TTypes>['features']; // one handle per name; the types are the caller's
}
