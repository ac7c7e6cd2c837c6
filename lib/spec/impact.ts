import { canonicalJson } from './canonical-json.ts';
import { viewId } from './find.ts';
import type { FeatureReference, FeatureService, View } from './manifest.ts';

/** A service as far as it says what it uses, and whose it is. */
export interface ServiceUse extends Pick<FeatureService, 'name' | 'version' | 'owner' | 'tags'> {
  readonly features: readonly Pick<FeatureReference, 'view' | 'version' | 'feature'>[];
}

/** Views and services that may use each other: of a manifest, or of what is deployed. */
export interface Uses {
  readonly views: readonly View[];
  readonly services: readonly ServiceUse[];
}

/** Who uses features of a view, itself left out but for its owners and model. Every list is sorted and holds each text once. */
export interface Dependents {
  /** On-demand views, as `name@version`: those that read the features, and those that read them in turn. */
  readonly views: readonly string[];
  /** All features of those views, as `name@version:feature`: a transform's code does not say which of them an input decides. */
  readonly features: readonly string[];
  /** As `name@version`: those that serve one of all these features. */
  readonly services: readonly string[];
  /** What the view, the views and the services name in their tag `model`. */
  readonly models: readonly string[];
  /** Of all these, and of the features that have an owner of their own. */
  readonly owners: readonly string[];
}

type Versioned = Pick<View, 'name' | 'version'>;

/** Everything that uses one of the features, through any chain of on-demand views. */
export function dependentsOf({ views, services }: Uses, view: Versioned, features: readonly string[]): Dependents {
  const reached = new Map([[viewId(view), new Set(features)]]);
  const isReached = (read: Versioned, feature: string): boolean => reached.get(viewId(read))?.has(feature) === true;
  const found: View[] = [];
  // Each pass reaches one step further along the chains; the last one reaches nothing.
  for (let before = -1; before !== found.length; ) {
    before = found.length;
    for (const candidate of views) {
      if (candidate.kind !== 'onDemand' || reached.has(viewId(candidate))) continue;
      const reads = candidate.inputs.some(
        (input) =>
          input.kind === 'view' &&
          input.features.some((feature) => isReached({ name: input.view, version: input.version }, feature)),
      );
      if (!reads) continue;
      reached.set(viewId(candidate), new Set(candidate.features.map(({ name }) => name)));
      found.push(candidate);
    }
  }
  const using = services.filter((service) =>
    service.features.some((used) => isReached({ name: used.view, version: used.version }, used.feature)),
  );
  const touched = [...views.filter((candidate) => viewId(candidate) === viewId(view)), ...found];
  const owned = touched.flatMap((holder) => holder.features.filter(({ name }) => isReached(holder, name)));
  const all = [...touched, ...using];
  return {
    views: sorted(found.map(viewId)),
    features: sorted(found.flatMap((reader) => reader.features.map(({ name }) => `${viewId(reader)}:${name}`))),
    services: sorted(using.map(viewId)),
    models: sorted(all.flatMap(({ tags }) => tags.model ?? [])),
    owners: sorted([...all, ...owned].flatMap(({ owner }) => owner ?? [])),
  };
}

/** What either of them says, for a view that is used in two sets of definitions. */
export const unionOfDependents = (one: Dependents, other: Dependents): Dependents => ({
  views: sorted([...one.views, ...other.views]),
  features: sorted([...one.features, ...other.features]),
  services: sorted([...one.services, ...other.services]),
  models: sorted([...one.models, ...other.models]),
  owners: sorted([...one.owners, ...other.owners]),
});

const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

/** What differs between two declarations of a view, documentation aside. */
export interface ViewDifference {
  /** Features that came, went or are declared in another way, sorted. */
  readonly features: readonly string[];
  /** Other members of the view that differ (`scheduleMillis`, `source`), sorted: they concern every feature. */
  readonly members: readonly string[];
}

/** Compares what the views declare themselves, not what lies behind the names of their sources and inputs. */
export function viewDifference(before: View, after: View): ViewDifference {
  const [featuresBefore, featuresAfter] = [before, after].map(
    (view) => new Map(view.features.map((feature) => [feature.name, declared(feature)])),
  );
  return {
    features: differing(featuresBefore, featuresAfter),
    members: differing(membersOf(before), membersOf(after)),
  };
}

/** Hashes of the whole, and what says nothing of values. */
const notCompared: ReadonlySet<string> = new Set([
  'features',
  'definitionHash',
  'layout',
  'version',
  'description',
  'owner',
  'tags',
]);
const membersOf = (view: View): Map<string, string> =>
  new Map(
    Object.entries(view)
      .filter(([name]) => !notCompared.has(name))
      .map(([name, member]) => [name, canonicalJson(member)]),
  );

const declared = ({ description: _d, owner: _o, tags: _t, ...decisive }: View['features'][number]): string =>
  canonicalJson(decisive);

function differing(before: ReadonlyMap<string, string> = new Map(), after: ReadonlyMap<string, string> = new Map()) {
  return sorted([...before.keys(), ...after.keys()]).filter((name) => before.get(name) !== after.get(name));
}
