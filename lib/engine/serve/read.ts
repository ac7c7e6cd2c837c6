import { jsonValueReader } from '#codec/json-value.ts';
import { packedRowReader, type Unpacked } from '#codec/packed-row.ts';
import { type ReadWindows, windowReader } from '#codec/window-state.ts';
import type { EntityRead } from '#engine/feature-plan.ts';
import { planWindows, type WindowPlan } from '#semantics/stream/window-plan.ts';
import { findStreamSource, viewId } from '#spec/find.ts';
import { closedSortKey } from '#spec/layout.ts';
import type { EntityView, Feature, Manifest, StoredView, StreamView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';

/** A feature where it lies in what its read gives. */
export interface ReadFeature {
  readonly name: string;
  /** Among the view's features, as in marks of the offline store. */
  readonly position: number;
  /** Among the values of its read: of a row all features of the view, of windows those that are wanted. */
  readonly slot: number;
  /** The value where there is no row: the declared default, else null. */
  readonly fallback: Value;
}

interface ReadBase {
  readonly viewId: string;
  /** Index into the plan's entities. */
  readonly entity: number;
  /** Those that are wanted or are inputs of a transform. */
  readonly features: readonly ReadFeature[];
}

/** One stored row per entity. */
export interface RowRead extends ReadBase {
  readonly kind: 'row';
  /** Infinity where rows never expire. */
  readonly ttlMillis: number;
  readonly unpack: (packed: string) => Unpacked;
}

/** One state of windows per entity, in one or two items (ADR 11). */
export interface StreamRead extends ReadBase {
  readonly kind: 'stream';
  /** Second half of the address of what the state has handed over. */
  readonly closedId: string;
  /** Finishes the wanted features only, in the order of `features`. */
  readonly plan: WindowPlan;
  readonly unpack: (packed: string) => ReadWindows;
}

export type ServeRead = RowRead | StreamRead;

/** Prepares one read of a plan: everything that can be known before the first request. */
export function serveRead(manifest: Manifest, read: EntityRead, entity: number): ServeRead {
  const { view } = read;
  const base = {
    viewId: viewId(view),
    entity,
    features: read.features.map((feature) => readFeature(read, feature)),
  };
  return view.kind === 'stream'
    ? { kind: 'stream', ...base, ...streamParts(manifest, view, read.features) }
    : { kind: 'row', ...base, ...rowParts(view) };
}

const rowParts = (view: StoredView) => ({
  ttlMillis: view.ttlMillis ?? Number.POSITIVE_INFINITY,
  unpack: packedRowReader([view]),
});

function streamParts(manifest: Manifest, view: StreamView, wanted: readonly Feature[]) {
  const plan = planWindows(view, findStreamSource(manifest, view.source));
  const names = new Set(wanted.map(({ name }) => name));
  const planned = planOfFeatures(plan, (index) => names.has(view.features[index]?.name ?? ''));
  return {
    closedId: closedSortKey(view),
    plan: planned,
    unpack: windowReader(view, plan, (part) => isRead(planned, part)),
  };
}

/**
 * The plan for some features only, which merges nothing that they do not need. What states refer to keeps its place: windows after the last
 * one that is read are left out, and parts that no feature needs are read by no window.
 */
function planOfFeatures(plan: WindowPlan, isWanted: (index: number) => boolean): WindowPlan {
  const features = plan.features.filter((_, index) => isWanted(index));
  const readUpTo = plan.parts.map(() => -1);
  for (const { window, parts } of features.flatMap(({ aggregations }) => aggregations))
    for (const part of Object.values(parts)) readUpTo[part] = Math.max(readUpTo[part] ?? -1, window);
  return {
    ...plan,
    features,
    windows: plan.windows.slice(0, Math.max(...readUpTo) + 1),
    parts: plan.parts.map((part, index) => ({ ...part, lastWindow: readUpTo[index] ?? -1 })),
  };
}

const isRead = ({ parts }: WindowPlan, index: number): boolean => (parts[index]?.lastWindow ?? -1) >= 0;

/** Where a feature of a read is found; `feature` is one of the read's. */
export function readFeature({ view, features }: EntityRead, feature: Feature): ReadFeature {
  const position = positionOf(view, feature);
  return {
    name: feature.name,
    position,
    slot: view.kind === 'stream' ? features.findIndex(({ name }) => name === feature.name) : position,
    fallback: feature.default === undefined ? null : jsonValueReader(feature.type)(feature.default),
  };
}

const positionOf = (view: EntityView, { name }: Feature): number =>
  view.features.findIndex((candidate) => candidate.name === name);
