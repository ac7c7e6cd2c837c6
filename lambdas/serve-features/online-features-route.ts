import type { Served } from '#engine/serve-features.ts';
import type { ServePlan } from '#engine/serve-plan.ts';
import { type ResponseWriter, responseWriter } from '#engine/serve-response.ts';
import type { Route } from '#lambdas/http/router.ts';
import { TidemarkError } from '#spec/errors.ts';
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
      write: (checked, served, { asOfMillis, requestId }) => {
        if (served.partial && checked.onPartial === 'fail') throw partial(served);
        return writerOf(checked)(served, {
          asOfMillis,
          requestId,
          manifestHash: options.repository.manifest.hash,
          entities: checked.entities,
          metadata: checked.metadata,
          fill: checked.fill,
        });
      },
    }),
  };
}

/** Of a caller that would rather have nothing than a part. */
const partial = ({ counts }: Served): TidemarkError =>
  new TidemarkError('serve.partial', `some of ${counts.reads} keys could not be read in time; try again`, {
    kind: 'unavailable',
  });

/** Writers live as long as the plans that they are made for. */
function responseWriters(): (request: CheckedRequest) => ResponseWriter {
  const writers = {
    rows: { number: new WeakMap<ServePlan, ResponseWriter>(), string: new WeakMap<ServePlan, ResponseWriter>() },
    columns: { number: new WeakMap<ServePlan, ResponseWriter>(), string: new WeakMap<ServePlan, ResponseWriter>() },
    vector: { number: new WeakMap<ServePlan, ResponseWriter>(), string: new WeakMap<ServePlan, ResponseWriter>() },
  };
  return ({ plan, int64, format }) => {
    const kept = writers[format][int64];
    const known = kept.get(plan);
    if (known) return known;
    const writer = responseWriter(plan, { int64, format });
    kept.set(plan, writer);
    return writer;
  };
}
