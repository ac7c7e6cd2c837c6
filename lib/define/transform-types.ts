import type { FeatureType } from '#spec/value-type.ts';
import type { FeatureTypes, Typed, ValueOf } from './column-types.ts';

declare const carriedTypes: unique symbol;
/** Something whose values have known types: a view, some features of one, a request source. The member exists in types only. */
export interface CarriesTypes<TTypes extends FeatureTypes = FeatureTypes> {
  readonly [carriedTypes]?: TTypes;
}
type TypesOf<TCarrier> = TCarrier extends CarriesTypes<infer TTypes> ? TTypes : never;

/** Values of a view or a request source by name; null where there is none. */
export type ValuesOf<TCarrier> = {
  readonly [TName in keyof TypesOf<TCarrier>]: ValueOf<TypesOf<TCarrier>[TName] & FeatureType> | null;
};
/** What a transform gets: the values of each of its inputs. */
export type InputValues<TInputs extends Readonly<Record<string, CarriesTypes>>> = {
  readonly [TName in keyof TInputs]: ValuesOf<TInputs[TName]>;
};
/** What a transform returns: a value or null for every declared output. */
export type OutputValues<TOutputs extends Readonly<Record<string, Typed<FeatureType>>>> = {
  readonly [TName in keyof TOutputs]: ValueOf<TOutputs[TName]['type']> | null;
};
