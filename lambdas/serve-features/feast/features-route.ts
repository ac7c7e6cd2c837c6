import { type FeastWriter, feastResponseWriter } from '#engine/serve/feast-response.ts';
import type { ServePlan } from '#engine/serve/plan.ts';
import type { Served } from '#engine/serve/serve-features.ts';
import { feastProblems } from '#lambdas/feast/answer-problem.ts';
import type { Route } from '#lambdas/http/router.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type OnlineFeaturesOptions, requestServer } from '../request-server.ts';
import { type FeastRequest, readFeastRequest } from './read-request.ts';

/** POST /get-online-features, as Feast's own server answers it; where it differs is told in docs/feast.md. */
export function feastFeaturesRoute(options: OnlineFeaturesOptions): Route {
  const writerOf = feastWriters();
  return {
    method: 'POST',
    pattern: '/get-online-features',
    answerProblem: feastProblems(options.repository.manifest.project),
    handle: requestServer<FeastRequest>(options, {
      read: ({ body }, plans) => {
        const request = readFeastRequest(body, plans);
        writerOf(request); // two features of one name are refused before anything is read
        return request;
      },
      write: (request, served) => {
        if (served.partial) throw unreadable(served);
        return writerOf(request)(served, request);
      },
    }),
  };
}

/** Feast's SDK shows values without their statuses: a null for what was not read would pass for a value. */
const unreadable = ({ counts }: Served): TidemarkError =>
  new TidemarkError('feast.partial', `some of ${counts.reads} keys could not be read in time; try again`, {
    kind: 'unavailable',
  });

/** Writers live as long as the plans that they are made for. */
function feastWriters(): (request: FeastRequest) => FeastWriter {
  const kept = new WeakMap<ServePlan, Map<string, FeastWriter>>();
  return ({ plan, fullNames, withVersions }) => {
    const writers = kept.get(plan) ?? new Map<string, FeastWriter>();
    kept.set(plan, writers);
    const form = `${fullNames} ${withVersions}`;
    const writer = writers.get(form) ?? feastResponseWriter(plan, { fullNames, withVersions });
    writers.set(form, writer);
    return writer;
  };
}
