import { hashOf } from '#spec/canonical-json.ts';
import { viewId } from '#spec/find.ts';
import type { ServingLogRule } from '#spec/serving-log.ts';

/** An answer as far as it decides whether it is logged: what stands in its `meta` too. */
export interface SampledAnswer {
  /** Undefined where features were listed. */
  readonly service: { readonly name: string; readonly version: number } | undefined;
  readonly requestId: string;
  readonly asOfMillis: number;
}

/**
 * Whether an answer is logged: a pure function of it, by a hash of request id and instant. So entities are logged as often as they are asked
 * for, a retry does not change the choice, and a client that sends one id with every request does not decide it.
 */
export function isSampled({ sample, services }: ServingLogRule, answer: SampledAnswer): boolean {
  const { service, requestId, asOfMillis } = answer;
  if (!service) return false;
  if (services && !services.includes(service.name) && !services.includes(viewId(service))) return false;
  if (sample >= 1) return true;
  return Number.parseInt(hashOf([requestId, asOfMillis]).slice(0, 12), 16) < sample * 2 ** 48;
}
