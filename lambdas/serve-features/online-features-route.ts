import { type Served, serveFeatures } from '#engine/serve-features.ts';
import { type ServePlan, servePlans } from '#engine/serve-plan.ts';
import { type ResponseWriter, responseWriter } from '#engine/serve-response.ts';
import type { HttpResponse, Route } from '#lambdas/http/router.ts';
import { logFields } from '#observe/log-fields.ts';
import { viewId } from '#spec/find.ts';
import type { FeatureStatus } from '#spec/status.ts';
import type { Repository } from '#spec/transform.ts';
import type { Clock } from '#store/clock.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import { type CheckedRequest, readRequest } from './read-request.ts';

/** Facts of one answered request, for metrics and the log line: counts and times, no keys and no values. */
export interface ServeFacts {
  /** `name@version`, or undefined where features were listed or the request was refused. */
  readonly service: string | undefined;
  readonly millis: number;
  /** Undefined for a request that was refused or failed. */
  readonly served: Served | undefined;
  readonly statusCounts: ReadonlyMap<FeatureStatus, number>;
}

export interface OnlineFeaturesOptions {
  readonly repository: Repository;
  readonly rows: OnlineRows;
  readonly clock: Clock;
  readonly report: (facts: ServeFacts) => void;
}

/** Longest that keys are retried: whoever waits longer for an online feature has given up. */
const readMillis = 3000;

/** POST /v1/online-features. */
export function onlineFeaturesRoute(options: OnlineFeaturesOptions): Route {
  const plans = servePlans(options.repository);
  const writerOf = responseWriters();
  return {
    method: 'POST',
    pattern: '/v1/online-features',
    handle: async (request) => {
      const startedAt = performance.now();
      let checked: CheckedRequest | undefined;
      let served: Served | undefined;
      try {
        const asOfMillis = options.clock();
        checked = readRequest(request.body, plans);
        served = await serveFeatures(options.rows, {
          ...checked,
          asOfMillis,
          deadlineMillis: Math.min(request.deadlineMillis, asOfMillis + readMillis),
        });
        const body = writerOf(checked)(served, {
          asOfMillis,
          requestId: request.requestId,
          manifestHash: options.repository.manifest.hash,
          entities: checked.entities,
          withStatus: checked.metadata.includes('status'),
          withEventTime: checked.metadata.includes('eventTime'),
          fill: checked.fill,
        });
        return { body, log: logFactsOf(checked, served) };
      } finally {
        options.report({
          service: checked?.plan.service && viewId(checked.plan.service),
          millis: performance.now() - startedAt,
          served,
          statusCounts: served && checked ? countStatuses(checked.plan, served) : new Map(),
        });
      }
    },
  };
}

/** Writers live as long as the plans that they are made for. */
function responseWriters(): (request: CheckedRequest) => ResponseWriter {
  const writers = {
    number: new WeakMap<ServePlan, ResponseWriter>(),
    string: new WeakMap<ServePlan, ResponseWriter>(),
    vector: new WeakMap<ServePlan, ResponseWriter>(),
  };
  return ({ plan, int64, format }) => {
    const kept = writers[format === 'vector' ? format : int64];
    const known = kept.get(plan);
    if (known) return known;
    const writer = responseWriter(plan, { int64, format });
    kept.set(plan, writer);
    return writer;
  };
}

function countStatuses(plan: ServePlan, served: Served): Map<FeatureStatus, number> {
  const counts = new Map<FeatureStatus, number>();
  const add = (status: FeatureStatus, count: number) => counts.set(status, (counts.get(status) ?? 0) + count);
  for (const { status } of served.rows)
    if (status === plan.allPresent) add('PRESENT', status.length);
    else for (const one of status) add(one, 1);
  return counts;
}

const logFactsOf = (checked: CheckedRequest, served: Served): NonNullable<HttpResponse['log']> => ({
  ...(checked.plan.service ? { [logFields.service]: viewId(checked.plan.service) } : {}),
  entities: served.rows.length,
  features: checked.plan.names.length,
  reads: served.counts.reads,
  storeMillis: Math.round(served.storeMillis * 100) / 100,
  partial: served.partial,
});
