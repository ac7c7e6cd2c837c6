import { type ServePlan, type ServePlans, servePlans } from '#engine/serve/plan.ts';
import type { Served } from '#engine/serve/serve-features.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Repository } from '#spec/transform.ts';
import type { FeatureSelection } from '../feature-plan.ts';
import type { Grants } from './grants.ts';
import { askedOfServing, namedBy, outOfReach, refused, withoutOthersNames } from './reach-features.ts';

/** Plans as one set of rights may use them: `planOf` throws access.refused besides what planServing throws. */
export interface CallerPlans extends ServePlans {
  /** Positions of the results to be masked; undefined where there is none. */
  maskOf(plan: ServePlan): ReadonlySet<number> | undefined;
}

const action = 'read';

/**
 * Plans by rights. A decision is made once for each plan and set of rights, and kept as long as both: warm requests look it up.
 * Everything that serves values takes its plans from here, so that no route can forget to ask.
 */
export function callerPlans(repository: Repository): (grants: Grants) => CallerPlans {
  const plans = servePlans(repository);
  const all: CallerPlans = { ...plans, maskOf: () => undefined };
  const kept = new WeakMap<Grants, CallerPlans>();
  return (grants) => {
    if (grants.isAdmin) return all;
    const known = kept.get(grants);
    if (known) return known;
    const made = restricted(plans, grants, repository);
    kept.set(grants, made);
    return made;
  };
}

function restricted(plans: ServePlans, { read }: Grants, { manifest, access }: Repository): CallerPlans {
  const isMasked = access?.unreadable === 'mask';
  const masks = new WeakMap<ServePlan, ReadonlySet<number>>();
  const maskOf = (plan: ServePlan): ReadonlySet<number> => {
    const known = masks.get(plan);
    if (known) return known;
    const mask = new Set(outOfReach(askedOfServing(plan), read));
    masks.set(plan, mask);
    return mask;
  };
  const planned = (selection: FeatureSelection): ServePlan => {
    try {
      return plans.planOf(selection);
    } catch (error) {
      // Where features are masked, their names are no secret.
      throw isMasked ? error : withoutOthersNames(error, selection, { manifest, reached: read, action });
    }
  };
  const planOf = (selection: FeatureSelection): ServePlan => {
    const plan = planned(selection);
    const mask = maskOf(plan);
    // Where nothing can be read there is nothing to answer, whatever the policy.
    if (mask.size > 0 && (!isMasked || mask.size === plan.results.length))
      throw refused(action, namedBy(selection, [...mask]));
    return plan;
  };
  return {
    planOf,
    faultOf: (reference) => (isMasked ? plans.faultOf(reference) : faultIn(() => planOf({ features: [reference] }))),
    maskOf: (plan) => {
      const mask = maskOf(plan);
      return mask.size > 0 ? mask : undefined;
    },
  };
}

function faultIn(plan: () => ServePlan): TidemarkError | undefined {
  try {
    plan();
    return undefined;
  } catch (error) {
    if (error instanceof TidemarkError) return error;
    throw error;
  }
}

/** The same rows with null and MASKED, and no event time, at the positions of the mask. */
export const masked = (served: Served, mask: ReadonlySet<number>): Served => ({
  ...served,
  rows: served.rows.map(({ values, status, eventTimes }) => ({
    values: values.map((value, position) => (mask.has(position) ? null : value)),
    status: status.map((one, position) => (mask.has(position) ? 'MASKED' : one)),
    eventTimes: eventTimes.map((time, position) => (mask.has(position) ? null : time)),
  })),
});
