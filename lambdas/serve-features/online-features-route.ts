import type { Served } from '#engine/serve/serve-features.ts';
import type { Route } from '#lambdas/http/router.ts';
import { TidemarkError } from '#spec/errors.ts';
import { answerEncoding } from './answer-encoding.ts';
import { answerWriters } from './answer-writers.ts';
import { type CheckedRequest, readRequest } from './read-request.ts';
import { type OnlineFeaturesOptions, requestServer } from './request-server.ts';

/** POST /v1/online-features. */
export function onlineFeaturesRoute(options: OnlineFeaturesOptions): Route {
  const writerOf = answerWriters();
  return {
    method: 'POST',
    pattern: '/v1/online-features',
    handle: requestServer<CheckedRequest>(options, {
      read: ({ body, accept }, plans) => readRequest(body, { plans, encoding: answerEncoding(accept) }),
      write: (checked, served, { asOfMillis, requestId }) => {
        if (checked.onPartial === 'fail' && (served.partial || served.counts.fallbacks > 0)) throw partial(served);
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
