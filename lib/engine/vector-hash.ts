import { hashOf } from '#spec/canonical-json.ts';
import { viewId } from '#spec/find.ts';
import { type FeaturePlan, featureRef } from './feature-plan.ts';

/**
 * What a vector of these features means, as 64 hex digits: result names and types in their order, and the definition of every view that
 * they are read or computed from. Equal for the training set and the deployment that serves what was trained on; a service that was
 * reordered, or a view that was defined anew, has another.
 */
export const vectorHashOf = ({ results, reads, transforms }: FeaturePlan): string =>
  hashOf({
    features: results.map(({ name, view, feature }) => [name, feature.type, featureRef(view, feature)]),
    views: [...reads.map(({ view }) => view), ...transforms]
      .map((view) => [viewId(view), view.definitionHash])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  });

/** The hash of vectors in which `fill` stands for nulls, which are not the vectors without it; -0 is 0. */
export const filledVectorHash = (vectorHash: string, fill: number | undefined): string =>
  fill === undefined ? vectorHash : hashOf({ vectorHash, fill });
