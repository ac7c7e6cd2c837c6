import { type FeaturePlan, planFeatures } from '#engine/feature-plan.ts';
import { vectorHashOf } from '#engine/vector-hash.ts';
import { findService, findView, viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';

/** A name with the type that stands behind it, as the manifest writes types. */
export interface NamedType {
  readonly name: string;
  readonly type: string;
}

/** What a program may ask of one service or view, and what it gets. */
export interface Asked {
  /** `name@version`. */
  readonly id: string;
  readonly name: string;
  /** The bare name means this version. */
  readonly isNewest: boolean;
  readonly description: string;
  readonly keys: readonly NamedType[];
  readonly request: readonly NamedType[];
  /** By result name, in the order of the values; of a view by feature. */
  readonly features: readonly NamedType[];
}
export interface AskedService extends Asked {
  readonly vectorHash: string;
}

/** All that generated code says of a deployment; each list is sorted by id or name, so that equal definitions give equal bytes. */
export interface DeployedTypes {
  readonly project: string;
  readonly services: readonly AskedService[];
  readonly views: readonly Asked[];
  readonly entities: readonly { readonly name: string; readonly keys: readonly NamedType[] }[];
  readonly sources: readonly { readonly name: string; readonly columns: readonly NamedType[] }[];
}

export function deployedTypes(manifest: Manifest): DeployedTypes {
  const services = manifest.services.map((service): AskedService => {
    const plan = planFeatures(manifest, { service: viewId(service) });
    const features = plan.results.map(({ name, feature }) => ({ name, type: feature.type }));
    const isNewest = findService(manifest, service.name) === service;
    return { ...describe(service, isNewest), ...needsOf(plan), features, vectorHash: vectorHashOf(plan) };
  });
  const views = manifest.views.map((view): Asked => {
    const [first] = view.features; // of one view all features need the same
    const plan = planFeatures(manifest, { features: [`${viewId(view)}:${first?.name}`] });
    const features = view.features.map(({ name, type }) => ({ name, type }));
    return { ...describe(view, findView(manifest, view.name) === view), ...needsOf(plan), features };
  });
  return {
    project: manifest.project,
    services: sorted(services, ({ id }) => id),
    views: sorted(views, ({ id }) => id),
    entities: sorted(manifest.entities, ({ name }) => name).map(({ name, keys }) => ({ name, keys: named(keys) })),
    sources: sorted(
      manifest.sources.flatMap((source) => (source.kind === 'stream' ? [source] : [])),
      ({ name }) => name,
    ).map(({ name, schema }) => ({ name, columns: named(schema) })),
  };
}

interface Versioned {
  readonly name: string;
  readonly version: number;
  readonly description: string;
}
const describe = ({ name, version, description }: Versioned, isNewest: boolean) => ({
  id: viewId({ name, version }),
  name,
  isNewest,
  description,
});

/** Every key once, though several entities have it. */
const needsOf = ({ entities, requestFields }: FeaturePlan) => ({
  keys: [...new Map(entities.flatMap(({ keys }) => named(keys)).map((key) => [key.name, key])).values()],
  request: named(requestFields),
});

const named = (items: readonly NamedType[]): NamedType[] => items.map(({ name, type }) => ({ name, type }));
const sorted = <TItem>(items: readonly TItem[], key: (item: TItem) => string): TItem[] =>
  [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
