import type { ColumnType } from '#spec/value-type.ts';
import type { DefaultLiteral } from './aggregates.ts';
import type { Typed } from './column-types.ts';
import { type Documentation, documentationOf } from './definition.ts';

export interface FeatureOptions extends Documentation {
  /** The value wherever there is none: no row, expired row; never for a stored null. */
  readonly default?: DefaultLiteral;
}

/** A feature of a table view: a column of its source, of the feature's own name unless another is said. */
export interface ColumnFeature<TColumn extends string | undefined = string | undefined> {
  readonly column: TColumn;
  readonly default: DefaultLiteral | undefined;
  readonly documentation: Documentation;
}
/** An output of an on-demand view with more than a type. It has no default: the transform always decides. */
export interface OutputFeature<TType extends ColumnType = ColumnType> extends Typed<TType> {
  readonly documentation: Documentation;
}

/**
 * Says more about a feature. In a table view `feature()`, `feature({ description })` or `feature('column', { default: 0 })`;
 * among the outputs of an on-demand view `feature(float64(), { description })`.
 */
export function feature(options?: FeatureOptions): ColumnFeature<undefined>;
export function feature<const TColumn extends string>(
  column: TColumn,
  options?: FeatureOptions,
): ColumnFeature<TColumn>;
export function feature<TType extends ColumnType>(type: Typed<TType>, options?: Documentation): OutputFeature<TType>;
export function feature(
  first: string | Typed | FeatureOptions = {},
  second: FeatureOptions = {},
): ColumnFeature | OutputFeature {
  if (typeof first === 'string')
    return { column: first, default: second.default, documentation: documentationOf(second) };
  if ('type' in first) return { type: first.type, documentation: documentationOf(second) };
  return { column: undefined, default: first.default, documentation: documentationOf(first) };
}
