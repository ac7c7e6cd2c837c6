import { TidemarkError } from '#spec/errors.ts';
import { findEntity, findRequestSource, findService, findView, parseVersioned, viewId } from '#spec/find.ts';
import type {
  Entity,
  EntityView,
  Feature,
  FeatureReference,
  FeatureService,
  Manifest,
  OnDemandView,
  View,
} from '#spec/manifest.ts';
import type { FeatureType } from '#spec/value-type.ts';
import { nearestName } from './nearest-name.ts';

/** Most features that one service, request or training set may name. */
export const maximumFeatures = 200;

/** What is wanted: a service `name[@version]`, or refs `view[@version]:feature`. */
export type FeatureSelection = { readonly service: string } | { readonly features: readonly string[] };

/** One column of the answer: result `name`, and the feature it holds. */
export interface ResultFeature {
  readonly name: string;
  readonly view: View;
  readonly feature: Feature;
}

/** A view to read by entity; `features` (in the view's order, distinct) are wanted or are inputs of a transform. */
export interface EntityRead {
  readonly view: EntityView;
  readonly entity: Entity;
  readonly features: readonly Feature[];
}

/** A field that must come with the request, or as a spine column; `sources` declare it with this one type. */
export interface RequestField {
  readonly name: string;
  readonly type: FeatureType;
  readonly sources: readonly string[];
}

/** All that serving and training sets must read and compute for a selection. */
export interface FeaturePlan {
  /** Absent when features were listed. */
  readonly service: FeatureService | undefined;
  /** In the order of the service or the list; names are distinct. */
  readonly results: readonly ResultFeature[];
  /** In order of first need. */
  readonly reads: readonly EntityRead[];
  /** On-demand views, each after the ones it reads. */
  readonly transforms: readonly OnDemandView[];
  readonly requestFields: readonly RequestField[];
  /** Entities of the reads, in order of first need. */
  readonly entities: readonly Entity[];
}

/** `view@version:feature`, the full form of a feature's ref. */
export const featureRef = (view: View, feature: Feature): string => `${viewId(view)}:${feature.name}`;

/**
 * Resolves a selection against a manifest, with the inputs of on-demand views recursively.
 * Throws engine.unknownName (with the nearest known name), engine.badReference, engine.duplicateFeature, engine.tooManyFeatures,
 * engine.noFeatures, engine.requestFieldConflict.
 */
export function planFeatures(manifest: Manifest, selection: FeatureSelection): FeaturePlan {
  const service = 'service' in selection ? serviceNamed(manifest, selection.service) : undefined;
  const results =
    'features' in selection ? resultsOfRefs(manifest, selection.features) : resultsOfService(manifest, service);
  checkResults(results);
  const needs = new Needs(manifest);
  for (const { view, feature } of results) needs.add(view, [feature.name]);
  const reads = needs.reads();
  return {
    service,
    results,
    reads,
    transforms: needs.transforms,
    requestFields: needs.requestFields(),
    entities: [...new Set(reads.map((read) => read.entity))],
  };
}

const unknown = (what: string, got: string, known: readonly string[]): TidemarkError => {
  const near = nearestName(got, known);
  const allowed =
    known.length > 20 ? `${known.slice(0, 20).join(', ')} and ${known.length - 20} more` : known.join(', ');
  const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
  return new TidemarkError(
    'engine.unknownName',
    `unknown ${what} ${JSON.stringify(got)}, known: ${allowed || 'none'}${hint}`,
    { kind: 'notFound', details: { what, got, known, ...(near === undefined ? {} : { near }) } },
  );
};

/** Names as the user may write them: bare when `got` is, with versions when it has one. */
const namesLike = (got: string, items: readonly { name: string; version: number }[]): string[] => [
  ...new Set(items.map((item) => (got.includes('@') ? viewId(item) : item.name))),
];

function serviceNamed(manifest: Manifest, reference: string): FeatureService {
  try {
    return findService(manifest, reference);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    throw unknown('feature service', reference, namesLike(reference, manifest.services));
  }
}

function viewNamed(manifest: Manifest, reference: string): View {
  try {
    return findView(manifest, reference);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    throw unknown('feature view', reference, namesLike(reference, manifest.views));
  }
}

function featureOf(view: View, name: string): Feature {
  const features: readonly Feature[] = view.features;
  const found = features.find((feature) => feature.name === name);
  if (!found)
    throw unknown(
      `feature of view ${viewId(view)}`,
      name,
      features.map((feature) => feature.name),
    );
  return found;
}

function resultsOfService(manifest: Manifest, service: FeatureService | undefined): ResultFeature[] {
  return (service?.features ?? []).map((reference: FeatureReference) => {
    const view = viewNamed(manifest, viewId({ name: reference.view, version: reference.version }));
    return { name: reference.name, view, feature: featureOf(view, reference.feature) };
  });
}

function resultsOfRefs(manifest: Manifest, references: readonly string[]): ResultFeature[] {
  return references.map((reference) => {
    const [viewText = '', featureName, rest] = reference.split(':');
    if (!featureName || rest !== undefined || !parseVersioned(viewText))
      throw new TidemarkError(
        'engine.badReference',
        `bad feature reference ${JSON.stringify(reference)}; write view:feature or view@version:feature, as in driver_stats:trip_count_30d`,
        { details: { got: reference } },
      );
    const view = viewNamed(manifest, viewText);
    return { name: `${view.name}__${featureName}`, view, feature: featureOf(view, featureName) };
  });
}

function checkResults(results: readonly ResultFeature[]): void {
  if (results.length === 0)
    throw new TidemarkError('engine.noFeatures', 'no features asked for; name a service or at least one view:feature');
  if (results.length > maximumFeatures)
    throw new TidemarkError(
      'engine.tooManyFeatures',
      `${results.length} features asked for, at most ${maximumFeatures} are allowed; split them over several calls`,
      { details: { got: results.length, allowed: maximumFeatures } },
    );
  const byName = new Map<string, ResultFeature>();
  for (const result of results) {
    const other = byName.get(result.name);
    if (other)
      throw new TidemarkError(
        'engine.duplicateFeature',
        `${featureRef(other.view, other.feature)} and ${featureRef(result.view, result.feature)} both have the result name ${result.name}; ask for one of them, or give one an alias in a service`,
        { details: { name: result.name } },
      );
    byName.set(result.name, result);
  }
}

/** Collects what a selection needs, each view once, on-demand views after their inputs. */
class Needs {
  readonly transforms: OnDemandView[] = [];
  readonly #manifest: Manifest;
  readonly #read = new Map<EntityView, Set<string>>();
  readonly #seen = new Set<OnDemandView>();
  readonly #fields = new Map<string, { type: FeatureType; sources: string[] }>();

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  add(view: View, features: readonly string[]): void {
    if (view.kind === 'onDemand') {
      this.#addTransform(view);
      return;
    }
    const wanted = this.#read.get(view) ?? new Set();
    for (const feature of features) wanted.add(featureOf(view, feature).name);
    this.#read.set(view, wanted);
  }

  #addTransform(view: OnDemandView): void {
    // a view is added to #seen before its inputs: compile refuses cycles, and this keeps a hand-made manifest from looping
    if (this.#seen.has(view)) return;
    this.#seen.add(view);
    for (const input of view.inputs) {
      if (input.kind === 'request') this.#addRequest(input.source);
      else this.add(viewNamed(this.#manifest, viewId({ name: input.view, version: input.version })), input.features);
    }
    this.transforms.push(view);
  }

  #addRequest(sourceName: string): void {
    for (const field of findRequestSource(this.#manifest, sourceName).schema) {
      const known = this.#fields.get(field.name);
      if (known && known.type !== field.type)
        throw new TidemarkError(
          'engine.requestFieldConflict',
          `request field ${field.name} is ${known.type} in source ${known.sources[0]} and ${field.type} in source ${sourceName}; one request can carry only one of them`,
          { details: { field: field.name } },
        );
      if (!known) this.#fields.set(field.name, { type: field.type, sources: [sourceName] });
      else if (!known.sources.includes(sourceName)) known.sources.push(sourceName);
    }
  }

  reads(): EntityRead[] {
    return [...this.#read].map(([view, wanted]) => {
      const features: readonly Feature[] = view.features;
      return {
        view,
        entity: findEntity(this.#manifest, view.entity),
        features: features.filter((feature) => wanted.has(feature.name)),
      };
    });
  }

  requestFields(): RequestField[] {
    return [...this.#fields].map(([name, { type, sources }]) => ({ name, type, sources }));
  }
}
