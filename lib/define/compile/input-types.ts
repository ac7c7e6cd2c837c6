import { viewId } from '#spec/find.ts';
import type { OnDemandView, Source, View } from '#spec/manifest.ts';
import { type FeatureType, isFeatureType } from '#spec/value-type.ts';
import type { InputTypes } from './samples.ts';

/** Types of what a transform gets; undefined where an input has problems of its own. */
export function inputTypes(
  { inputs }: Pick<OnDemandView, 'inputs'>,
  { views, sources }: { readonly views: readonly View[]; readonly sources: readonly Source[] },
): InputTypes | undefined {
  const types: Record<string, Record<string, FeatureType>> = {};
  for (const input of inputs) {
    const fields: Record<string, FeatureType> = {};
    types[input.name] = fields;
    if (input.kind === 'request') {
      const source = sources.find(({ name }) => name === input.source);
      if (source?.kind === 'request') for (const { name, type } of source.schema) fields[name] = type;
      continue;
    }
    const read = viewId({ name: input.view, version: input.version });
    const view = views.find((candidate) => viewId(candidate) === read);
    for (const name of input.features) {
      const feature = view?.features.find((candidate) => candidate.name === name);
      if (!feature || !isFeatureType(feature.type)) return undefined;
      fields[name] = feature.type;
    }
  }
  return types;
}
