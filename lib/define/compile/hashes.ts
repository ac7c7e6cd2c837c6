import { hashOf } from '#spec/canonical-json.ts';
import { viewId } from '#spec/find.ts';
import type { Entity, OnDemandView, Source, View } from '#spec/manifest.ts';

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
function valuesOfSource(source: Source | undefined): unknown {
  if (source?.kind !== 'stream') return source;
  const { entities: _entities, hashed: _hashed, partitionBy: _partitionBy, shards: _shards, ...decisive } = source;
  return decisive;
}

/** What a view may read: of a manifest, views by `name@version`. */
interface Readable {
  readonly entities: readonly Entity[];
  readonly sources: readonly Source[];
  readonly views: ReadonlyMap<string, Pick<View, 'definitionHash'>>;
}

/** What a view names, as it goes into the view's hash beside the view itself: its entity and source, or its inputs. */
export function partsRead(
  view:
    | Pick<OnDemandView, 'kind' | 'inputs'>
    | { readonly kind: string; readonly entity: string; readonly source: string },
  { entities, sources, views }: Readable,
): Readonly<Record<string, unknown>> {
  const sourceOf = (name: string): unknown => valuesOfSource(sources.find((source) => source.name === name));
  if ('inputs' in view)
    return {
      inputs: view.inputs.map((input) =>
        input.kind === 'request'
          ? sourceOf(input.source)
          : views.get(viewId({ name: input.view, version: input.version }))?.definitionHash,
      ),
    };
  return { entity: entities.find(({ name }) => name === view.entity), source: sourceOf(view.source) };
}

/** sha256 of a view or service with all that its values depend on. */
export const definitionHash = (parts: Readonly<Record<string, unknown>>): string => hashOf(withoutDocumentation(parts));
