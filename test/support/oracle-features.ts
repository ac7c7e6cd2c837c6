import type { Aggregation } from '#spec/aggregation.ts';
import type { AggregatedFeature, Column } from '#spec/manifest.ts';
import { isFloatType } from '#spec/value-type.ts';
import type { OracleAggregate, OracleFeature } from '../oracle/aggregates.ts';

/** A feature of a manifest in the oracle's words. Filters: an equality of one column, which is what tests of whole deployments use. */
export function oracleFeature({ formula, type }: AggregatedFeature, schema: readonly Column[]): OracleFeature {
  const isInteger = type === 'int64';
  return formula.kind === 'ratio'
    ? {
        formula: {
          kind: 'ratio',
          above: oracleAggregate(formula.numerator, schema),
          below: oracleAggregate(formula.denominator, schema),
        },
        isInteger,
      }
    : { formula: oracleAggregate(formula, schema), isInteger };
}

function oracleAggregate(aggregation: Aggregation, schema: readonly Column[]): OracleAggregate {
  const { kind, windowMillis: window, hopMillis, where } = aggregation;
  const base = {
    kind,
    window,
    ...(hopMillis === undefined ? {} : { hop: hopMillis }),
    ...(where === undefined ? {} : { where: equality(where) }),
  };
  if (aggregation.kind === 'count') return base;
  const { column, scale, limit, exactUpTo, quantile, relativeError } = aggregation;
  const type = schema.find(({ name }) => name === column)?.type ?? 'string';
  return {
    ...base,
    column,
    type,
    ...(scale !== undefined && isFloatType(type) ? { scale } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(exactUpTo === undefined ? {} : { exactUpTo }),
    ...(quantile === undefined ? {} : { quantile }),
    ...(relativeError === undefined ? {} : { relativeError }),
  };
}

function equality(where: NonNullable<Aggregation['where']>): NonNullable<OracleAggregate['where']> {
  if (where.op !== 'eq') throw new TypeError(`the oracle of deployments knows no filter ${where.op}`);
  const { column, value } = where;
  return (row) => ((row[column] ?? null) === null ? null : row[column] === value);
}
