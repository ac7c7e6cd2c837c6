import { type ServePlan, viewIdsOf } from '#engine/serve/plan.ts';
import { TidemarkError } from '#spec/errors.ts';
import { parseVersioned, viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import { type FeaturePlan, type FeatureSelection, planFeatures } from '../feature-plan.ts';
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

/** The item of a `name[@version]` that nothing has checked yet, as refs are resolved; undefined where there is none. */
function idOf(items: readonly { readonly name: string; readonly version: number }[], text: string): string | undefined {
  const parsed = parseVersioned(text);
  const versions = items.filter(({ name }) => name === parsed?.name).map(({ version }) => version);
  const version = parsed?.version ?? Math.max(...versions);
  return parsed && versions.includes(version) ? viewId({ name: parsed.name, version }) : undefined;
}

/**
 * An error of planning as a caller of these rights may see it. Such errors tell names of views and features; where a selection goes beyond
 * what is reached, or to what there is not, it is refused instead, in the same words for both.
 */
export function withoutOthersNames(
  error: unknown,
  selection: FeatureSelection,
  { manifest, reached, action }: { readonly manifest: Manifest; readonly reached: Reached; readonly action: string },
): unknown {
  if (!(error instanceof TidemarkError) || error.kind === 'failed') return error;
  if ('service' in selection) {
    const id = idOf(manifest.services, selection.service);
    const isKnown = reached.services.isAll || (id !== undefined && reached.services.has(id));
    return isKnown ? error : refused(action, `service ${quoted(selection.service)}`);
  }
  if (reached.views.isAll) return error;
  const others = selection.features.filter((reference) => {
    const id = idOf(manifest.views, reference.split(':', 1)[0] ?? '');
    return id === undefined || !reached.views.has(id);
  });
  return others.length > 0 ? refused(action, listed(others)) : error;
}

/** The plan of a selection if the caller may train on all of it; throws access.refused, and what planFeatures throws. */
export function planTraining(manifest: Manifest, selection: FeatureSelection, { isAdmin, train }: Grants): FeaturePlan {
  const plan = planned(manifest, selection, train);
  const others = isAdmin ? [] : outOfReach(askedOf(plan), train);
  if (others.length > 0) throw refused(action, namedBy(selection, others));
  return plan;
}

const action = 'train on';

function planned(manifest: Manifest, selection: FeatureSelection, reached: Reached): FeaturePlan {
  try {
    return planFeatures(manifest, selection);
  } catch (error) {
    throw withoutOthersNames(error, selection, { manifest, reached, action });
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
