import type { Origin } from './origin.ts';

/** Said of an entity, a source, a view, a feature or a service; never changes a value. */
export interface Documentation {
  readonly description?: string;
  /** Team or person who answers for it. Features inherit it from their view, views from their entity. */
  readonly owner?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export type DefinitionKind =
  | 'entity'
  | 'parquet'
  | 'stream'
  | 'request'
  | 'table'
  | 'batch'
  | 'streamView'
  | 'onDemand'
  | 'service';

/** What all definitions have in common. */
export interface Definition {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly origin: Origin;
  readonly documentation: Documentation;
}

/** Marks definition objects, also across two copies of this module (a registered symbol is one per process). */
const definitionMark = Symbol.for('tidemark.definition');

/** Makes an object a definition. */
export const asDefinition = <TDefinition extends Definition>(definition: TDefinition): TDefinition =>
  Object.defineProperty(definition, definitionMark, { value: true });

export const isDefinition = (value: unknown): value is Definition =>
  typeof value === 'object' && value !== null && definitionMark in value;

/** The documentation part of an options object. */
export const documentationOf = (options: Documentation): Documentation => ({
  ...(options.description !== undefined && { description: options.description }),
  ...(options.owner !== undefined && { owner: options.owner }),
  ...(options.tags !== undefined && { tags: options.tags }),
});
