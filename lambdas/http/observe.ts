import type { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj, Request } from '@middy/core';
import { logFields } from '#observe/log-fields.ts';
import { TidemarkError } from '#spec/errors.ts';
import { problemResponse } from './problem.ts';
import type { ProxyEvent, ProxyResult } from './proxy-event.ts';
import { requestIdOf, traceOf } from './request-headers.ts';
import type { Router } from './router.ts';

type LogFacts = Readonly<Record<string, number | string | boolean>>;
type HttpMiddlewareRequest = Request<ProxyEvent, ProxyResult>;

/** Facts of a request that its handler adds to the log line; kept beside the event because middy hands handlers nothing else. */
const logFacts = new WeakMap<ProxyEvent, LogFacts>();
export const addLogFacts = (event: ProxyEvent, facts: LogFacts): void => {
  logFacts.set(event, { ...logFacts.get(event), ...facts });
};

/**
 * One log line per request: route, status, time, counts. Never a header, a body, a key or a value. Faults of
 * ours (5xx) are logged with their stack, which no response carries.
 */
export function observe(router: Router, logger: Logger): MiddlewareObj<ProxyEvent, ProxyResult> {
  const startedAt = new WeakMap<ProxyEvent, number>();
  const finish = (request: HttpMiddlewareRequest): void => {
    const { event, context, error } = request;
    const status = request.response?.statusCode ?? 500;
    const millis = performance.now() - (startedAt.get(event) ?? performance.now());
    const match = router(event.httpMethod, event.path);
    const trace = traceOf(event);
    const facts = {
      [logFields.requestId]: requestIdOf(event, context),
      ...(trace ? { [logFields.traceId]: trace.traceId } : {}),
      method: event.httpMethod,
      route: match.kind === 'route' ? match.route.pattern : 'none',
      [logFields.httpStatus]: status,
      [logFields.millis]: Math.round(millis * 100) / 100,
      ...(error instanceof TidemarkError ? { [logFields.errorCode]: error.code } : {}),
      ...logFacts.get(event),
    };
    if (status >= 500 && error) logger.error('request failed', { ...facts, error });
    else logger.info('request', facts);
  };
  return {
    before: ({ event }) => {
      startedAt.set(event, performance.now());
    },
    after: finish,
    onError: finish,
  };
}

/** Turns every error into its response, problem+json or the route's own form; nothing is ever thrown to API Gateway. */
export const answerProblems = (router: Router): MiddlewareObj<ProxyEvent, ProxyResult> => ({
  onError: (request) => {
    const { event } = request;
    const match = router(event.httpMethod, event.path);
    const answer = (match.kind === 'route' ? match.route.answerProblem : undefined) ?? problemResponse;
    const response = answer(request.error, requestIdOf(event, request.context));
    const trace = traceOf(event);
    request.response = trace ? { ...response, headers: { ...response.headers, traceparent: trace.header } } : response;
  },
});
