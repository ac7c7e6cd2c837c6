import { TidemarkError } from '#spec/errors.ts';
import { parseVersioned, viewId } from '#spec/find.ts';
import { type FeaturePlan, type FeatureSelection, planFeatures } from '../feature-plan.ts';
import { type ServePlan, viewIdsOf } from '../serve-plan.ts';
import type { Grants, Reached } from './grants.ts';

/** What a selection names once it is planned. */
interface Asked {
  readonly service: { readonly name: string; readonly version: number } | undefined;
  /** Per result, `view@version`. */
  readonly viewIds: readonly string[];
}

export const askedOf = ({ service, results }: FeaturePlan): Asked => ({
  service,
  viewIds: results.map(({ view }) => viewId(view)),
});

export const askedOfServing = (plan: ServePlan): Asked => ({ service: plan.service, viewIds: viewIdsOf(plan) });

/** Positions of the results that are out of reach; none where the service itself is reached. */
export function outOfReach({ service, viewIds }: Asked, reached: Reached): readonly number[] {
  if (service && reached.services.has(viewId(service))) return [];
  return viewIds.flatMap((id, position) => (reached.views.has(id) ? [] : [position]));
}

/** 403. `what` is the caller's own text: the answer is the same whether there is such a thing or not. */
export const refused = (action: string, what: string): TidemarkError =>
  new TidemarkError(
    'access.refused',
    `this caller may not ${action} ${what}, or there is none; ask for a role that may, or leave it out`,
    { kind: 'forbidden' },
  );

/** The view's name in a ref `view[@version]:feature` that nothing has checked yet. */
const viewNameOf = (reference: string): string => parseVersioned(reference.split(':', 1)[0] ?? '')?.name ?? '';

/**
 * Throws access.refused for refs to views that the caller has no right to in any version, before anything is looked up: so errors of
 * planning speak only of what the caller may know.
 */
export function refuseUnnamed(selection: FeatureSelection, reached: Reached, action: string): void {
  if ('service' in selection) return;
  const others = selection.features.filter((reference) => !reached.views.hasName(viewNameOf(reference)));
  if (others.length > 0) throw refused(action, listed(others));
}

/** An error of planning as a caller of these rights may see it: names that they do not know are not listed. */
export function withoutOthersNames(
  error: unknown,
  selection: FeatureSelection,
  { reached, action }: { readonly reached: Reached; readonly action: string },
): unknown {
  if (!(error instanceof TidemarkError) || error.kind === 'failed') return error;
  if ('service' in selection) {
    const name = parseVersioned(selection.service)?.name ?? '';
    const isKnown = reached.services.isAll || (reached.services.hasName(name) && error.code !== 'engine.unknownName');
    return isKnown ? error : refused(action, `service ${quoted(selection.service)}`);
  }
  const isOfViews = error.code === 'engine.unknownName' && error.details.what === 'feature view';
  return isOfViews && !reached.views.isAll ? refused(action, listed(selection.features)) : error;
}

/** The plan of a selection if the caller may train on all of it; throws access.refused, and what planFeatures throws. */
export function planTraining(
  manifest: Parameters<typeof planFeatures>[0],
  selection: FeatureSelection,
  { isAdmin, train }: Grants,
): FeaturePlan {
  if (isAdmin) return planFeatures(manifest, selection);
  refuseUnnamed(selection, train, 'train on');
  const plan = planned(manifest, selection, train);
  const others = outOfReach(askedOf(plan), train);
  if (others.length > 0) throw refused('train on', namedBy(selection, others));
  return plan;
}

function planned(
  manifest: Parameters<typeof planFeatures>[0],
  selection: FeatureSelection,
  reached: Reached,
): FeaturePlan {
  try {
    return planFeatures(manifest, selection);
  } catch (error) {
    throw withoutOthersNames(error, selection, { reached, action: 'train on' });
  }
}

/** What of a selection lies at positions of its results, in the caller's words. */
export const namedBy = (selection: FeatureSelection, positions: readonly number[]): string =>
  'service' in selection
    ? `service ${quoted(selection.service)}`
    : listed(positions.map((position) => selection.features[position] ?? ''));

const quoted = (text: string): string => JSON.stringify(text.slice(0, 200));
const maximumListed = 10;
const listed = (references: readonly string[]): string =>
  references.slice(0, maximumListed).map(quoted).join(', ') +
  (references.length > maximumListed ? ` and ${references.length - maximumListed} more` : '');
