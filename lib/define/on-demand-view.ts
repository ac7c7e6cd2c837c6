import type { FeatureType } from '#spec/value-type.ts';
import type { Typed } from './column-types.ts';
import { asDefinition, type Documentation, documentationOf } from './definition.ts';
import type { OutputFeature } from './feature.ts';
import { originOfCaller } from './origin.ts';
import type { PickedFeatures } from './pick.ts';
import type { RequestSource } from './request-source.ts';
import type { InputValues, OutputValues } from './transform-types.ts';
import { handlesOf, type View } from './view.ts';

/** A whole view, some features of one, or the fields of a request. */
export type Input = View | PickedFeatures | RequestSource;
export type Inputs = Readonly<Record<string, Input>>;
export type Outputs = Readonly<Record<string, Typed<FeatureType> | OutputFeature<FeatureType>>>;
type OutputTypes<TOutputs extends Outputs> = { readonly [TName in keyof TOutputs]: TOutputs[TName]['type'] };

/** A pure function of other features and of request fields, run where it is asked for: when serving and when training. */
export interface OnDemandView<
  TName extends string = string,
  TInputs extends Inputs = Inputs,
  TOutputs extends Outputs = Outputs,
> extends View<TName, OutputTypes<TOutputs>> {
  readonly kind: 'onDemand';
  readonly options: { readonly inputs: TInputs; readonly outputs: TOutputs };
  // A method, so that the transform of a particular view is also one of any view.
  transform(inputs: InputValues<TInputs>, context: TransformContext): OutputValues<TOutputs>;
}

/** `asOf`: epoch milliseconds of the request, or of the label minus lag; the only clock that a transform has. */
export interface TransformContext {
  readonly asOf: number;
}

export interface OnDemandViewOptions<TInputs extends Inputs, TOutputs extends Outputs> extends Documentation {
  /** @default 1 */
  readonly version?: number;
  readonly inputs: TInputs;
  readonly outputs: TOutputs;
  /**
   * Synchronous and pure: no clock but `asOf`, no randomness, nothing kept between calls. Any value may be null; int64 is a bigint,
   * a timestamp a number of epoch milliseconds. Returns a value or null for every output.
   */
  readonly transform: (inputs: InputValues<TInputs>, context: TransformContext) => OutputValues<TOutputs>;
}

/**
 * Defines features that are computed on demand:
 * `onDemandView('trip', { inputs: { stats, request }, outputs: { ratio: float64() }, transform: ({ stats }) => ({ ratio: ... }) })`.
 */
export function onDemandView<const TName extends string, const TInputs extends Inputs, const TOutputs extends Outputs>(
  name: TName,
  options: OnDemandViewOptions<TInputs, TOutputs>,
): OnDemandView<TName, TInputs, TOutputs> {
  const view: OnDemandView<TName, TInputs, TOutputs> = asDefinition({
    kind: 'onDemand',
    name,
    version: options.version ?? 1,
    options,
    transform: options.transform,
    features: handlesOf<TName, OutputTypes<TOutputs>>(() => view, Object.keys(options.outputs)),
    origin: originOfCaller(),
    documentation: documentationOf(options),
  });
  return view;
}
