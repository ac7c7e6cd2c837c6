import type { ServingPolicy } from '#spec/serving-policy.ts';
import type { KeptRule } from '#store/online-rows.ts';

/** How a plan is answered besides by reading the store. */
export interface ServePolicy {
  /** What of earlier reads may be answered; undefined: nothing. */
  readonly kept: KeptRule | undefined;
  /** Reads are kept for later requests. */
  readonly isCached: boolean;
  /** Keys that are not read get last known values or defaults, as FALLBACK; else they are ERROR. */
  readonly fallsBack: boolean;
}

/** Prepares the policy of a service; `undefined`: of one that declares none, or of listed features. */
export function servePolicy({ onUnavailable, cache }: ServingPolicy = {}): ServePolicy {
  const lastKnownMillis = onUnavailable?.kind === 'lastKnown' ? onUnavailable.withinMillis : 0;
  const rule = { foundMillis: cache?.ttlMillis ?? 0, absentMillis: cache?.negativeTtlMillis ?? 0, lastKnownMillis };
  return {
    kept: cache || lastKnownMillis > 0 ? rule : undefined,
    isCached: cache !== undefined,
    fallsBack: onUnavailable !== undefined,
  };
}

interface TimedCall {
  readonly plan: { readonly policy: ServePolicy };
  readonly asOfMillis: number;
  readonly deadlineMillis: number;
}

/** Of the time that a request has, most that is kept for its answer once the store was given up. */
const mostReserveMillis = 50;

/** Until when the store is asked: where there is something else to answer, that is still sent inside the request's deadline. */
export function storeDeadline({ plan, asOfMillis, deadlineMillis }: TimedCall): number {
  if (!plan.policy.fallsBack) return deadlineMillis;
  return deadlineMillis - Math.min(mostReserveMillis, Math.max(0, deadlineMillis - asOfMillis) / 10);
}
