import { aggregationsOf } from '#spec/aggregation.ts';
import type { Expression } from '#spec/expression.ts';
import type { AggregatedFeature, Column } from '#spec/manifest.ts';

/** Columns of the schema that aggregates read, in the schema's order: their own and those of their filters. */
export function columnsRead(
  features: readonly Pick<AggregatedFeature, 'formula'>[],
  schema: readonly Column[],
): readonly string[] {
  const named = new Set<string>();
  const ofFilter = (filter: Expression): void => {
    if ('column' in filter) named.add(filter.column);
    else for (const part of Array.isArray(filter.of) ? filter.of : [filter.of]) ofFilter(part);
  };
  for (const aggregation of features.flatMap(({ formula }) => aggregationsOf(formula))) {
    if (aggregation.kind !== 'count') named.add(aggregation.column);
    if (aggregation.where) ofFilter(aggregation.where);
  }
  return schema.map(({ name }) => name).filter((name) => named.has(name));
}

/** Columns of which aggregates of a stream read the hash. */
export const hashesRead = (features: readonly Pick<AggregatedFeature, 'formula'>[]): readonly string[] => [
  ...new Set(
    features
      .flatMap(({ formula }) => aggregationsOf(formula))
      .flatMap((aggregation) => (aggregation.kind === 'distinct' ? [aggregation.column] : [])),
  ),
];
