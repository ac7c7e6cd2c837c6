import type { Aggregation, Formula } from '#spec/aggregation.ts';
import type { FeatureType } from '#spec/value-type.ts';
import type { Formula as FormulaDefinition } from '../aggregates.ts';
import { compileAggregation, type FormulaContext } from './aggregation.ts';
import { isNumeric } from './literals.ts';

/** A formula as the manifest holds it, and the type of its feature. */
export interface CompiledFormula {
  readonly formula: Formula;
  readonly type: FeatureType;
}

/** Compiles a formula over the columns of its source; undefined when a problem has been reported. */
export function compileFormula(definition: FormulaDefinition, context: FormulaContext): CompiledFormula | undefined {
  if (definition.kind !== 'ratio') return compileAggregation(definition, context);
  const [numerator, denominator] = [
    partOfRatio(definition.numerator, context),
    partOfRatio(definition.denominator, context),
  ];
  if (!numerator || !denominator) return undefined;
  return { formula: { kind: 'ratio', numerator, denominator }, type: 'float64' };
}

function partOfRatio(part: FormulaDefinition | undefined, context: FormulaContext): Aggregation | undefined {
  const { report } = context;
  if (part === undefined || part.kind === 'ratio') {
    report('wrongFormula', 'a part of a ratio must be an aggregate of numbers; a ratio of ratios is not allowed');
    return undefined;
  }
  if (part.default !== undefined)
    report(
      'wrongFormula',
      'a default of a part of a ratio is never used; give the default to ratio(..., ..., { default })',
    );
  const compiled = compileAggregation(part, context);
  if (!compiled) return undefined;
  if (!isNumeric(compiled.type)) {
    report(
      'wrongType',
      `a part of a ratio must be a number, got ${part.kind}('${part.column}'), which is ${compiled.type}`,
    );
    return undefined;
  }
  return compiled.formula;
}
