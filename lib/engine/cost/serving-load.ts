import { planServing } from '#engine/serve/plan.ts';
import type { Repository } from '#spec/transform.ts';
import { planFeatures } from '../feature-plan.ts';

/** What callers ask for, on average over a month. */
export interface ServingLoad {
  readonly requestsPerSecond: number;
  /** Of a request, distinct. */
  readonly entities: number;
  /** Values of an entity's row in the answer. */
  readonly features: number;
  /** Bytes of each item that an entity's row is read from. */
  readonly itemBytes: readonly number[];
  /** Those items are all that is kept of an entity, so a request for one entity reads them by one query. */
  readonly readsWholeEntity: boolean;
}

/** Keys, attribute names and order key of an item; an integer or a float of a packed row with its separator. */
const [itemBytes, valueBytes] = [120, 12];
/** An item of windows is kept near 1 KB; the second one is there for large states only, and a read of nothing costs as one of a little. */
const windowItemBytes = [1024, 0];

/** Items of a row's features that are spread evenly over views. */
export function itemsOfViews(features: number, views: number): readonly number[] {
  return Array.from({ length: views }, () => itemBytes + valueBytes * Math.ceil(features / views));
}

/** Features and items of a feature service. Throws what planServing throws. */
export function loadOfService(
  repository: Repository,
  service: string,
): Omit<ServingLoad, 'requestsPerSecond' | 'entities'> {
  const { names, readsWholeEntity } = planServing(repository, { service });
  const { reads } = planFeatures(repository.manifest, { service });
  return {
    features: names.length,
    itemBytes: reads.flatMap(({ view }) =>
      view.kind === 'stream' ? windowItemBytes : itemsOfViews(view.features.length, 1),
    ),
    readsWholeEntity,
  };
}
