import { type Aggregation, defaultScale } from '#spec/aggregation.ts';
import { type FeatureType, isFloatType } from '#spec/value-type.ts';
import type { Formula as FormulaDefinition } from '../aggregates.ts';
import type { RowSource } from '../row-source.ts';
import { compileFilter, type Report } from './filter.ts';
import { isPositiveMillis, wrongMillis } from './millis.ts';
import { named, shown } from './problems.ts';
import { allowedTypes, resultType } from './result-type.ts';
import { hopOf, sketchOptions, type Windows } from './stream-options.ts';

/** Where a formula stands: the source it reads, the windows of its view, and who hears of problems. */
export interface FormulaContext {
  readonly source: RowSource;
  readonly windows: Windows;
  readonly report: Report;
}

/** An aggregation as the manifest holds it and the type of its value; undefined when a problem has been reported. */
export function compileAggregation(
  definition: FormulaDefinition,
  context: FormulaContext,
): { readonly formula: Aggregation; readonly type: FeatureType } | undefined {
  const { source, report } = context;
  const { kind, column, windowMillis } = definition;
  const where = definition.where && compileFilter(definition.where.node, source, report);
  if (!isPositiveMillis(windowMillis)) {
    report('wrongDuration', wrongMillis('window', windowMillis, 'days(30)'));
    return undefined;
  }
  const hop = hopOf({ ...definition, windowMillis }, context);
  const options = sketchOptions(definition, context);
  if (definition.where && !where) return undefined;
  const common = { windowMillis, ...hop, ...(where && { where }) };
  if (kind === 'count') return hop && { formula: { kind, ...common }, type: 'int64' };
  if (kind === 'ratio' || column === undefined) return undefined;
  const columnType = source.schema[column]?.type;
  if (columnType === undefined) {
    report(
      'unknownColumn',
      `column "${column}" is not in source "${source.name}"; it has ${named(Object.keys(source.schema))}`,
    );
    return undefined;
  }
  const type = resultType(kind, columnType);
  if (type === undefined) {
    report(
      'wrongType',
      `column "${column}" of source "${source.name}" is ${columnType}, and ${kind} takes ${allowedTypes(kind)}`,
    );
    return undefined;
  }
  const isScaled = scaledAggregates.has(kind) && isFloatType(columnType);
  if (!isGoodScale(definition, { isScaled, columnType, report }) || !hop || !options) return undefined;
  const scale = isScaled ? { scale: definition.scale ?? defaultScale } : {};
  return { formula: { kind, column, ...common, ...scale, ...options }, type };
}

const scaledAggregates: ReadonlySet<string> = new Set(['sum', 'mean', 'variance', 'stddev']);

function isGoodScale(
  { kind, scale }: FormulaDefinition,
  { isScaled, columnType, report }: { isScaled: boolean; columnType: string; report: Report },
): boolean {
  if (scale === undefined) return true;
  if (!isScaled) {
    report(
      'wrongScale',
      `scale is for sum, mean, variance and stddev of floats, got it for ${kind} of ${columnType}; leave it out`,
    );
    return false;
  }
  if (Number.isInteger(scale) && scale >= 0 && scale <= 12) return true;
  report('wrongScale', `scale must be a whole number in 0..12, got ${shown(scale)}`);
  return false;
}
