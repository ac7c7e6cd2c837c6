import { encodeEntityKey } from '#codec/entity-key.ts';
import { type ReadWindows, windowReader } from '#codec/window-state.ts';
import { planWindows, type WindowPlan } from '#semantics/stream/window-plan.ts';
import { findEntity, viewId } from '#spec/find.ts';
import { closedSortKey, onlineSortKey } from '#spec/layout.ts';
import type { Entity, Manifest, StreamSource, StreamView, TableView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';

/** A stream view and all that is worked out of it once. */
export interface WindowedView {
  /** `view@version`. */
  readonly id: string;
  readonly view: StreamView;
  readonly entity: Entity;
  readonly plan: WindowPlan;
  readonly read: (packed: string) => ReadWindows;
  /** Sort keys of the two items of an entity. */
  readonly headKey: string;
  readonly closedKey: string;
}

/** A table view over the stream: the newest event of an entity is its row. */
export interface LatestView {
  readonly view: TableView;
  readonly entity: Entity;
}

/** The views that a consumer of the source keeps online. */
export interface SourceViews {
  readonly windowed: readonly WindowedView[];
  readonly latest: readonly LatestView[];
}

export function windowedView(manifest: Manifest, source: StreamSource, view: StreamView): WindowedView {
  const plan = planWindows(view, source);
  return {
    id: viewId(view),
    view,
    entity: findEntity(manifest, view.entity),
    plan,
    read: windowReader(view, plan),
    headKey: onlineSortKey(view),
    closedKey: closedSortKey(view),
  };
}

export function viewsOfSource(manifest: Manifest, source: StreamSource): SourceViews {
  const windowed: WindowedView[] = [];
  const latest: LatestView[] = [];
  for (const view of manifest.views) {
    if (view.kind === 'onDemand' || view.source !== source.name || !view.online) continue;
    if (view.kind === 'stream') windowed.push(windowedView(manifest, source, view));
    else if (view.kind === 'table') latest.push({ view, entity: findEntity(manifest, view.entity) });
  }
  return { windowed, latest };
}

/** Values of an entity's keys in a row, in the entity's order; undefined where one is null: the row is of no such entity. */
export function keyValues(entity: Entity, row: Readonly<Record<string, Value>>): readonly Value[] | undefined {
  const values = entity.keys.map(({ name }) => row[name] ?? null);
  return values.includes(null) ? undefined : values;
}

/** Partition key of the row's entity, or undefined as keyValues. Accepted events have keys that can be encoded. */
export function entityKeyOf(entity: Entity, row: Readonly<Record<string, Value>>): string | undefined {
  const values = keyValues(entity, row);
  return values && encodeEntityKey(entity, values);
}
