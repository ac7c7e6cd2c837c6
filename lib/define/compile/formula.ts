import { type Aggregation, type ColumnAggregate, defaultScale, type Formula } from '#spec/aggregation.ts';
import {
  type ColumnType,
  decimalParts,
  type FeatureType,
  isFeatureType,
  isFloatType,
  isIntegerType,
} from '#spec/value-type.ts';
import type { Formula as FormulaDefinition } from '../aggregates.ts';
import type { ParquetSource } from '../parquet-source.ts';
import { compileFilter, type Report } from './filter.ts';
import { isNumeric } from './literals.ts';
import { isPositiveMillis, wrongMillis } from './millis.ts';
import { named, shown } from './problems.ts';

/** A formula as the manifest holds it, and the type of its feature. */
export interface CompiledFormula {
  readonly formula: Formula;
  readonly type: FeatureType;
}

/** Compiles a formula over the columns of `source`; undefined when a problem has been reported. */
export function compileFormula(
  definition: FormulaDefinition,
  source: ParquetSource,
  report: Report,
): CompiledFormula | undefined {
  if (definition.kind !== 'ratio') return compileAggregation(definition, source, report);
  const [numerator, denominator] = [
    partOfRatio(definition.numerator, source, report),
    partOfRatio(definition.denominator, source, report),
  ];
  if (!numerator || !denominator) return undefined;
  return { formula: { kind: 'ratio', numerator, denominator }, type: 'float64' };
}

function partOfRatio(
  part: FormulaDefinition | undefined,
  source: ParquetSource,
  report: Report,
): Aggregation | undefined {
  if (part === undefined || part.kind === 'ratio') {
    report('wrongFormula', 'a part of a ratio must be an aggregate of numbers; a ratio of ratios is not allowed');
    return undefined;
  }
  if (part.default !== undefined)
    report(
      'wrongFormula',
      'a default of a part of a ratio is never used; give the default to ratio(..., ..., { default })',
    );
  const compiled = compileAggregation(part, source, report);
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

function compileAggregation(
  definition: FormulaDefinition,
  source: ParquetSource,
  report: Report,
): { readonly formula: Aggregation; readonly type: FeatureType } | undefined {
  const { kind, column, windowMillis, scale } = definition;
  const where = definition.where && compileFilter(definition.where.node, source, report);
  if (!isPositiveMillis(windowMillis)) {
    report('wrongDuration', wrongMillis('window', windowMillis, 'days(30)'));
    return undefined;
  }
  if (definition.where && !where) return undefined;
  const common = { windowMillis, ...(where && { where }) };
  if (kind === 'count') return { formula: { kind, ...common }, type: 'int64' };
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
  if (scale !== undefined && !isScaled) {
    report(
      'wrongScale',
      `scale is for sum, mean, variance and stddev of floats, got it for ${kind} of ${columnType}; leave it out`,
    );
    return undefined;
  }
  if (scale !== undefined && !(Number.isInteger(scale) && scale >= 0 && scale <= 12)) {
    report('wrongScale', `scale must be a whole number in 0..12, got ${shown(scale)}`);
    return undefined;
  }
  return { formula: { kind, column, ...common, ...(isScaled && { scale: scale ?? defaultScale }) }, type };
}

const scaledAggregates: ReadonlySet<string> = new Set(['sum', 'mean', 'variance', 'stddev']);
const isNumber = (type: ColumnType): boolean =>
  isIntegerType(type) || isFloatType(type) || decimalParts(type) !== undefined;

/** Type of an aggregate over a column of a type; undefined where the aggregate does not take it. */
export function resultType(kind: ColumnAggregate, type: ColumnType): FeatureType | undefined {
  switch (kind) {
    case 'sum':
      return isIntegerType(type) ? 'int64' : isNumber(type) ? 'float64' : undefined;
    case 'mean':
    case 'variance':
    case 'stddev':
      return isNumber(type) ? 'float64' : undefined;
    case 'distinct':
      return type.startsWith('list<') ? undefined : 'int64';
    case 'min':
    case 'max':
      return ordered(type, ['timestamp', 'string']);
    default:
      return ordered(type, ['timestamp', 'string', 'bool', 'bytes']);
  }
}
const ordered = (type: ColumnType, others: readonly string[]): FeatureType | undefined => {
  if (!isNumber(type) && !others.includes(type)) return undefined;
  return isFeatureType(type) ? type : 'float64';
};

const candidates: readonly ColumnType[] = [
  'int32',
  'int64',
  'float32',
  'float64',
  'decimal(10,2)',
  'timestamp',
  'date',
  'string',
  'bool',
  'bytes',
];
const allowedTypes = (kind: ColumnAggregate): string =>
  named(candidates.filter((type) => resultType(kind, type) !== undefined).map((type) => type.replace(/\(.*\)/, '')));
