import {
  type EntityRead,
  type FeaturePlan,
  type FeatureSelection,
  planFeatures,
  type RequestField,
} from '#engine/feature-plan.ts';
import { type OnDemand, onDemandOf } from '#engine/transform/on-demand.ts';
import { vectorHashOf } from '#engine/vector-hash.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { Entity, Manifest } from '#spec/manifest.ts';
import type { FeatureStatus } from '#spec/status.ts';
import type { Repository } from '#spec/transform.ts';
import type { FeatureType, ScalarType } from '#spec/value-type.ts';
import { type ServePolicy, servePolicy } from './policy.ts';
import { type ReadFeature, readFeature, type ServeRead, serveRead } from './read.ts';

/** Where one value of the answer comes from. */
export type ServeResult =
  | { readonly kind: 'read'; readonly read: number; readonly feature: ReadFeature }
  | {
      readonly kind: 'onDemand';
      readonly viewId: string;
      readonly feature: string;
      /** Indexes of the reads that it is computed from, directly or through other views. */
      readonly reads: readonly number[];
    };

/** A selection of features prepared for any number of requests. */
export interface ServePlan {
  /** The service's name and version, or undefined where features were listed. */
  readonly service: { readonly name: string; readonly version: number; readonly definitionHash: string } | undefined;
  readonly names: readonly string[];
  readonly types: readonly FeatureType[];
  /** Of vectors without a fill (vector-hash.ts). */
  readonly vectorHash: string;
  readonly results: readonly ServeResult[];
  /** The statuses that all rows share in which nothing is amiss. */
  readonly allPresent: readonly FeatureStatus[];
  readonly reads: readonly ServeRead[];
  /** The reads are of one entity, and of all that is kept of it online: one row for each of its views. */
  readonly readsWholeEntity: boolean;
  readonly entities: readonly Entity[];
  /** Per entity, the positions of its keys in `keys`. */
  readonly keyPositions: readonly (readonly number[])[];
  /** Every key of every entity once, in order of first need: the members of an entity in a request. */
  readonly keys: readonly { readonly name: string; readonly type: ScalarType }[];
  readonly requestFields: readonly RequestField[];
  /** Undefined where no feature is computed on demand. */
  readonly onDemand: OnDemand | undefined;
  readonly policy: ServePolicy;
}

/**
 * Prepares a selection. Throws what planFeatures throws, serve.notOnline for a view that is not kept online, and serve.keyConflict
 * where two entities have a key of one name and different types.
 */
export function planServing(repository: Repository, selection: FeatureSelection): ServePlan {
  const plan = planFeatures(repository.manifest, selection);
  checkOnline(plan);
  const readIndex = new Map(plan.reads.map((read, index) => [viewId(read.view), index]));
  const reads = plan.reads.map((read) => serveRead(repository.manifest, read, plan.entities.indexOf(read.entity)));
  const keys = keysOf(plan.entities);
  const inputsOf = transitiveReads(plan, readIndex);
  return {
    service: plan.service,
    names: plan.results.map((result) => result.name),
    types: plan.results.map((result) => result.feature.type),
    vectorHash: vectorHashOf(plan),
    results: plan.results.map(({ view, feature }): ServeResult => {
      const id = viewId(view);
      if (view.kind === 'onDemand')
        return { kind: 'onDemand', viewId: id, feature: feature.name, reads: inputsOf.get(id) ?? [] };
      const read = readIndex.get(id) ?? 0; // planFeatures reads every view that it names
      return { kind: 'read', read, feature: readFeature(plan.reads[read] as EntityRead, feature) }; // so index < length
    }),
    allPresent: plan.results.map(() => 'PRESENT'),
    reads,
    readsWholeEntity: readsWholeEntity(repository.manifest, plan),
    entities: plan.entities,
    keyPositions: plan.entities.map((entity) =>
      entity.keys.map((key) => keys.findIndex((candidate) => candidate.name === key.name)),
    ),
    keys,
    requestFields: plan.requestFields,
    onDemand: plan.transforms.length > 0 ? onDemandOf(plan, repository) : undefined,
    policy: servePolicy(plan.service?.serving),
  };
}

function checkOnline(plan: FeaturePlan): void {
  const offline = plan.reads.filter((read) => !read.view.online).map((read) => viewId(read.view));
  if (offline.length > 0)
    throw new TidemarkError(
      'serve.notOnline',
      `not kept online: ${offline.join(', ')}; declare online: true and materialize, or use a training set`,
      { details: { views: offline } },
    );
}

/** Views of streams are read by their keys: what an old version of one leaves behind may be 300 KB, and would be read and paid for with the rest. */
function readsWholeEntity({ views }: Manifest, { entities, reads }: FeaturePlan): boolean {
  const [entity, other] = entities;
  if (!entity || other || reads.length < 2) return false;
  const kept = views.filter((view) => view.kind !== 'onDemand' && view.entity === entity.name && view.online);
  return kept.length === reads.length && kept.every(({ kind }) => kind !== 'stream');
}

function keysOf(entities: readonly Entity[]): ServePlan['keys'] {
  const keys = new Map<string, { name: string; type: ScalarType; entity: string }>();
  for (const entity of entities)
    for (const { name, type } of entity.keys) {
      const other = keys.get(name);
      if (other && other.type !== type)
        throw new TidemarkError(
          'serve.keyConflict',
          `key ${name} is ${other.type} in entity ${other.entity} and ${type} in entity ${entity.name}; one request cannot carry both, ask for their features apart`,
          { details: { key: name } },
        );
      if (!other) keys.set(name, { name, type, entity: entity.name });
    }
  return [...keys.values()].map(({ name, type }) => ({ name, type }));
}

/** Reads behind each on-demand view, by its id; transforms stand after what they read. */
function transitiveReads(plan: FeaturePlan, readIndex: ReadonlyMap<string, number>): Map<string, readonly number[]> {
  const readsOf = new Map<string, readonly number[]>();
  for (const view of plan.transforms) {
    const reads = new Set<number>();
    for (const input of view.inputs) {
      if (input.kind !== 'view') continue;
      const id = viewId({ name: input.view, version: input.version });
      const direct = readIndex.get(id);
      for (const read of direct === undefined ? (readsOf.get(id) ?? []) : [direct]) reads.add(read);
    }
    readsOf.set(viewId(view), [...reads]);
  }
  return readsOf;
}

/** Per result of a plan, the `view@version` that it is of. */
export const viewIdsOf = ({ results, reads }: ServePlan): readonly string[] =>
  results.map((result) => (result.kind === 'read' ? (reads[result.read]?.viewId ?? '') : result.viewId));

/** The plans of a running function. */
export interface ServePlans {
  /** Throws as planServing does; a selection that fails is not kept. */
  planOf(selection: FeatureSelection): ServePlan;
  /** What is wrong with one reference by itself, or undefined. */
  faultOf(reference: string): TidemarkError | undefined;
}

/** Prepares selections once and keeps the last `capacity` that were used: warm requests plan nothing. */
export function servePlans(repository: Repository, capacity = 100): ServePlans {
  const kept = new Map<string, ServePlan>(); // in order of use: the first is the longest unused
  return {
    planOf(selection) {
      const id = JSON.stringify(selection);
      const plan = kept.get(id) ?? planServing(repository, selection);
      kept.delete(id);
      kept.set(id, plan);
      const [oldest] = kept.keys();
      if (kept.size > capacity && oldest !== undefined) kept.delete(oldest);
      return plan;
    },
    faultOf(reference) {
      try {
        planServing(repository, { features: [reference] });
        return undefined;
      } catch (error) {
        if (error instanceof TidemarkError) return error;
        throw error;
      }
    },
  };
}
