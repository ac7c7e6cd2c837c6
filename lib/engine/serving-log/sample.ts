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
export function isSampled(rule: ServingLogRule, answer: SampledAnswer): boolean {
  const { sample } = rule;
  const { service, requestId, asOfMillis } = answer;
  if (!service || !isLogged(rule, service)) return false;
  if (sample >= 1) return true;
  return Number.parseInt(hashOf([requestId, asOfMillis]).slice(0, 12), 16) < sample * 2 ** 48;
}

/** Whether answers of a service may be logged at all. */
export const isLogged = (
  { services }: Pick<ServingLogRule, 'services'>,
  service: { readonly name: string; readonly version: number },
): boolean => !services || services.includes(service.name) || services.includes(viewId(service));
