import type { Formula, ResultType } from './aggregates.ts';
import type { Read, ReadsOf, RefuseReads } from './reads.ts';
import type { RowSource } from './row-source.ts';

/** Features of a batch or stream view, in their order. */
export type Formulas = Readonly<Record<string, Formula>>;

/** A sentence for each formula that the source cannot satisfy. */
export type RefuseFormulas<TFeatures extends Formulas, TSource extends RowSource> = {
  readonly [TName in keyof TFeatures]: RefuseReads<TFeatures[TName], TSource>;
};
type AggregatedColumn<TFormula extends Formula> = Extract<
  ReadsOf<TFormula>,
  Read<string, TFormula['kind'] & Read['use']>
>['column'];

/** Types of the features, by name. */
export type FormulaTypes<TFeatures extends Formulas, TSource extends RowSource> = {
  readonly [TName in keyof TFeatures]: ResultType<
    TFeatures[TName]['kind'],
    TSource['schema'][AggregatedColumn<TFeatures[TName]>]['type']
  >;
};
