import type { ServePlan } from '#engine/serve-plan.ts';
import { type ResponseWriter, responseWriter } from '#engine/serve-response.ts';
import type { Route } from '#lambdas/http/router.ts';
import { type CheckedRequest, readRequest } from './read-request.ts';
import { type OnlineFeaturesOptions, requestServer } from './request-server.ts';

/** POST /v1/online-features. */
export function onlineFeaturesRoute(options: OnlineFeaturesOptions): Route {
  const writerOf = responseWriters();
  return {
    method: 'POST',
    pattern: '/v1/online-features',
    handle: requestServer<CheckedRequest>(options, {
      read: ({ body }, plans) => readRequest(body, plans),
      write: (checked, served, { asOfMillis, requestId }) =>
        writerOf(checked)(served, {
          asOfMillis,
          requestId,
          manifestHash: options.repository.manifest.hash,
          entities: checked.entities,
          withStatus: checked.metadata.includes('status'),
          withEventTime: checked.metadata.includes('eventTime'),
          fill: checked.fill,
        }),
    }),
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
