import type { FeatureType } from '#spec/value-type.ts';
import type { Typed } from './column-types.ts';
import { asDefinition, type Definition, type Documentation, documentationOf } from './definition.ts';
import { originOfCaller } from './origin.ts';
import type { CarriesTypes } from './transform-types.ts';

export type Fields = Readonly<Record<string, Typed<FeatureType>>>;

/** Fields that arrive with each request, and as columns of the spine in a training set. */
export interface RequestSource<TName extends string = string, TFields extends Fields = Fields>
  extends Definition,
    CarriesTypes<{ readonly [TField in keyof TFields]: TFields[TField]['type'] }> {
  readonly kind: 'request';
  readonly name: TName;
  readonly schema: TFields;
}

export interface RequestSourceOptions<TFields extends Fields> extends Documentation {
  readonly schema: TFields;
}

/** Defines request fields: `requestSource('trip_request', { schema: { pickup_lat: float32() } })`. */
export function requestSource<const TName extends string, const TFields extends Fields>(
  name: TName,
  options: RequestSourceOptions<TFields>,
): RequestSource<TName, TFields> {
  return asDefinition({
    kind: 'request',
    name,
    schema: options.schema,
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
}
