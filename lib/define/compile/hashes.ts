import { hashOf } from '#spec/canonical-json.ts';
import type { Source } from '#spec/manifest.ts';

/**
 * A compiled definition without what cannot change a value: descriptions, owners and tags. A definition hash therefore changes
 * exactly when values may.
 */
export function withoutDocumentation(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDocumentation);
  if (typeof value !== 'object' || value === null) return value;
  const documented = 'description' in value && 'tags' in value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !(documented && documentationMembers.has(name)))
      .map(([name, member]) => [name, withoutDocumentation(member)]),
  );
}
const documentationMembers: ReadonlySet<string> = new Set(['description', 'owner', 'tags']);

/** What values depend on in a source: not who else reads a stream, nor how it is cut into shards. */
export function valuesOfSource(source: Source | undefined): unknown {
  if (source?.kind !== 'stream') return source;
  const { entities: _entities, hashed: _hashed, partitionBy: _partitionBy, shards: _shards, ...decisive } = source;
  return decisive;
}

/** sha256 of a view or service with all that its values depend on. */
export const definitionHash = (parts: Readonly<Record<string, unknown>>): string => hashOf(withoutDocumentation(parts));
