import { type EntityRead, planFeatures } from '#engine/feature-plan.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { Entity, EntityView, Manifest } from '#spec/manifest.ts';

/** A view that a dataset was joined with. */
export interface ViewRead {
  readonly view: EntityView;
  readonly entity: Entity;
  /** Its own features in the dataset: result name and feature. */
  readonly own: readonly { readonly name: string; readonly feature: EntityRead['features'][number] }[];
  /** Names of all results that are read from it, those computed from it too, in the dataset's order. */
  readonly names: readonly string[];
}

/** Views that can be asked again, and sentences on those that cannot: their definitions are not those that the dataset was built with. */
export interface ViewsRead {
  readonly views: readonly ViewRead[];
  readonly notes: readonly string[];
}

/** The views behind the features of a dataset, as they are defined now. */
export function viewsRead(manifest: Manifest, dataset: DatasetManifest): ViewsRead {
  const found = new Map<EntityView, { entity: Entity; own: ViewRead['own'][number][]; names: string[] }>();
  const notes = new Set<string>();
  for (const { name, ref } of dataset.features)
    for (const { view, entity, features } of readsOf(manifest, ref, notes)) {
      const built = dataset.views[viewId(view)]?.definitionHash;
      if (built !== view.definitionHash) {
        notes.add(`${viewId(view)} has been defined anew since the dataset was built: its rows are not looked at`);
        continue;
      }
      const known = found.get(view) ?? { entity, own: [], names: [] };
      found.set(view, known);
      known.names.push(name);
      const own = features.find((feature) => ref === `${viewId(view)}:${feature.name}`);
      if (own) known.own.push({ name, feature: own });
    }
  return { views: [...found].map(([view, read]) => ({ view, ...read })), notes: [...notes] };
}

function readsOf(manifest: Manifest, ref: string, notes: Set<string>): readonly EntityRead[] {
  try {
    return planFeatures(manifest, { features: [ref] }).reads;
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    notes.add(`${ref} is not deployed any more: its rows are not looked at`);
    return [];
  }
}
