import type { Formula } from '../aggregates.ts';
import type { Entity } from '../entity.ts';
import type { StreamSource } from '../stream-source.ts';
import type { AnyView } from './collect.ts';

/** What the views of a stream source need of it. */
export interface Readers {
  /** By name, each once. */
  readonly entities: readonly Entity[];
  /** Columns whose different values are counted, by name. */
  readonly hashed: readonly string[];
}

/** The readers of a source among all views. */
export function readersOf(source: StreamSource, views: Iterable<AnyView>): Readers {
  const entities = new Map<string, Entity>();
  const hashed = new Set<string>();
  for (const view of views) {
    if (view.kind === 'onDemand' || view.options.source.name !== source.name) continue;
    entities.set(view.options.entity.name, view.options.entity);
    if (view.kind !== 'streamView') continue;
    for (const formula of Object.values(view.options.features))
      for (const { kind, column } of partsOf(formula))
        if (kind === 'distinct' && column !== undefined && Object.hasOwn(source.schema, column)) hashed.add(column);
  }
  return {
    entities: [...entities.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    hashed: [...hashed].sort(),
  };
}

const partsOf = (formula: Formula): readonly Formula[] =>
  [formula, formula.numerator, formula.denominator].filter((part) => part !== undefined);
