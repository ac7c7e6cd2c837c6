import type { BatchView } from '../batch-view.ts';
import type { Definitions } from '../config.ts';
import { type Definition, isDefinition } from '../definition.ts';
import type { Entity } from '../entity.ts';
import type { FeatureService, ServiceEntry } from '../feature-service.ts';
import type { Input, OnDemandView } from '../on-demand-view.ts';
import type { RequestSource } from '../request-source.ts';
import type { RowSource } from '../row-source.ts';
import type { StreamView } from '../stream-view.ts';
import type { TableView } from '../table-view.ts';
import type { View } from '../view.ts';

export type AnyView = TableView | BatchView | StreamView | OnDemandView;

/** All definitions of a repository, each object once. */
export interface Collected {
  readonly entities: Set<Entity>;
  readonly sources: Set<RowSource | RequestSource>;
  readonly views: Set<AnyView>;
  readonly services: Set<FeatureService>;
}

/** The listed definitions, those in listed modules, and all that they refer to. */
export function collect(definitions: Definitions): Collected {
  const collected: Collected = { entities: new Set(), sources: new Set(), views: new Set(), services: new Set() };
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (seen.has(value)) return;
    seen.add(value);
    if (isDefinition(value))
      add(value as AnyDefinition, collected, visit); // the mark is set by the constructors only
    else if (typeof value === 'object' && value !== null) {
      // A module namespace or a list: one level deeper, so that other exports are never walked.
      for (const member of Object.values(value)) if (isDefinition(member)) visit(member);
    }
  };
  for (const definition of definitions) visit(definition);
  return collected;
}

type AnyDefinition = Entity | RowSource | RequestSource | AnyView | FeatureService;

function add(definition: AnyDefinition, collected: Collected, visit: (value: unknown) => void): void {
  switch (definition.kind) {
    case 'entity':
      collected.entities.add(definition);
      return;
    case 'parquet':
    case 'stream':
    case 'request':
      collected.sources.add(definition);
      return;
    case 'service':
      collected.services.add(definition);
      for (const entry of definition.entries) visit(viewOfEntry(entry));
      return;
    case 'onDemand':
      collected.views.add(definition);
      for (const input of Object.values(definition.options.inputs)) visit(subjectOf(input));
      return;
    default:
      collected.views.add(definition);
      visit(definition.options.entity);
      visit(definition.options.source);
  }
}

const viewOfEntry = (entry: ServiceEntry): View =>
  'alias' in entry ? entry.of.view : 'feature' in entry ? entry.view : entry;
/** The view or request source behind an input. */
const subjectOf = (input: Input): Definition => (input.kind === 'picked' ? input.view : input);
