import type { ColumnAggregate } from '#spec/aggregation.ts';
import {
  type ColumnType,
  decimalParts,
  type FeatureType,
  isFeatureType,
  isFloatType,
  isIntegerType,
  isListType,
} from '#spec/value-type.ts';
import { named } from './problems.ts';

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
    case 'approxQuantile':
      return isNumber(type) ? 'float64' : undefined;
    case 'distinct':
      return isListType(type) ? undefined : 'int64';
    case 'min':
    case 'max':
      return ordered(type, ['timestamp', 'string']);
    case 'lastN': {
      const element = ordered(type, ['timestamp', 'string', 'bool', 'bytes']);
      return element === undefined || isListType(element) ? undefined : `list<${element}>`;
    }
    default:
      return ordered(type, ['timestamp', 'string', 'bool', 'bytes']);
  }
}

function ordered(type: ColumnType, others: readonly string[]): FeatureType | undefined {
  if (!isNumber(type) && !others.includes(type)) return undefined;
  return isFeatureType(type) ? type : 'float64';
}

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
/** Names of the types that an aggregate takes, for a message. */
export const allowedTypes = (kind: ColumnAggregate): string =>
  named(candidates.filter((type) => resultType(kind, type) !== undefined).map((type) => type.replace(/\(.*\)/, '')));
