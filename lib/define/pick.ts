import type { FeatureTypes } from './column-types.ts';
import type { Names, Refuse } from './definition-error.ts';
import type { CarriesTypes } from './transform-types.ts';
import type { View } from './view.ts';

/** Some features of a view, as the input of an on-demand view: only these are read. */
export interface PickedFeatures<TTypes extends FeatureTypes = FeatureTypes> extends CarriesTypes<TTypes> {
  readonly kind: 'picked';
  readonly view: View;
  readonly names: readonly string[];
}

type PickedTypes<TView extends View, TNames extends readonly string[]> =
  TView extends View<string, infer TTypes> ? Pick<TTypes, TNames[number] & keyof TTypes> : never;
type PickProblem<TView extends View, TName extends string> = TName extends keyof TView['features']
  ? never
  : `feature "${TName}" is not in view "${TView['name']}"; it has ${Names<keyof TView['features']>}`;

/** Picks features of a view: `pick(driverStats, ['avg_fare_30d'])`. */
export const pick = <TView extends View, const TNames extends readonly string[]>(
  view: TView,
  names: TNames & Refuse<PickProblem<TView, TNames[number]>>,
): PickedFeatures<PickedTypes<TView, TNames>> => ({ kind: 'picked', view, names });
