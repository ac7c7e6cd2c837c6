import type { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { TidemarkError } from '#spec/errors.ts';
import { type Clock, systemClock } from '#store/clock.ts';
import { authenticate, authenticated } from './authenticate.ts';
import { conditional } from './conditional.ts';
import type { Identify } from './identity/identify.ts';
import { addLogFacts, answerProblems, observe } from './observe.ts';
import { problemResponse } from './problem.ts';
import { headerOf, type ProxyEvent, type ProxyResult, proxyEventSchema } from './proxy-event.ts';
import { rateLimiter } from './rate-limiter.ts';
import { clientDeadline, requestIdOf, traceOf } from './request-headers.ts';
import { createRouter, type HttpRequest, type Route, routeOf } from './router.ts';

export interface HttpHandlerOptions {
  readonly routes: readonly Route[];
  readonly identify: Identify;
  readonly logger: Logger;
  /** For limits and deadlines. @default - the system's */
  readonly clock?: Clock;
}

/** Takes any event: what is no proxy event is answered 400. Never rejects. */
export type HttpHandler = (event: unknown, context: Context) => Promise<ProxyResult>;

const defaultMaxBodyBytes = 1024 * 1024;
/** Kept back from the function's timeout to write the answer. */
const answerMillis = 250;
/** Requests that are worked on at one time. Lambda sends one at a time; a server in one process may get more than it can hold. */
const maximumInFlight = 256;

/**
 * An API Gateway proxy handler over routes: request log, identity, problem+json errors. The event is checked here once;
 * routes trust what they get. Responses are JSON, never cached, and carry the request id.
 */
export function createHttpHandler(options: HttpHandlerOptions): HttpHandler {
  const { clock = systemClock } = options;
  const router = createRouter(options.routes);
  const charge = rateLimiter(clock);
  const handler = middy<ProxyEvent, ProxyResult>({ timeoutEarlyInMillis: 50 })
    .use(observe(router, options.logger))
    .use(answerProblems(router))
    .use(authenticate(router, options.identify))
    .handler(async (event: ProxyEvent, context: Context): Promise<ProxyResult> => {
      const startedAt = performance.now();
      const { route, parameters } = routeOf(router(event.httpMethod, event.path), event.httpMethod, event.path);
      const requestId = requestIdOf(event, context);
      const { principal, millis: authMillis } = authenticated(event);
      const nowMillis = clock();
      const ownDeadline = nowMillis + Math.max(0, context.getRemainingTimeInMillis() - answerMillis);
      const request: HttpRequest = {
        method: event.httpMethod,
        path: event.path,
        parameters,
        query: definedMembers(event.queryStringParameters),
        body: bodyOf(event, route.maxBodyBytes ?? defaultMaxBodyBytes),
        accept: headerOf(event, 'accept'),
        requestId,
        principal,
        charge: (units) => charge(principal, units),
        deadlineMillis: Math.min(ownDeadline, clientDeadline(event, nowMillis) ?? ownDeadline),
      };
      const response = await route.handle(request);
      if (response.log) addLogFacts(event, response.log);
      const timings = { auth: authMillis, ...response.timings, total: authMillis + performance.now() - startedAt };
      const result: ProxyResult = {
        statusCode: response.status ?? 200,
        headers: {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          ...tracingHeaders(event, requestId),
          ...(principal.grants.serverTiming ? { 'server-timing': serverTiming(timings) } : {}),
          ...response.headers,
        },
        body: response.body,
        ...(response.isBase64Encoded === true ? { isBase64Encoded: true } : {}),
      };
      return response.isMetadata === true ? conditional(event, result) : result;
    });
  let inFlight = 0;
  return async (event, context) => {
    const checked = proxyEventSchema.safeParse(event);
    if (!checked.success) return problemResponse(notProxyEvent(), 'unknown');
    if (inFlight >= maximumInFlight) return problemResponse(overloaded(), requestIdOf(checked.data, context));
    inFlight++;
    try {
      return await handler(checked.data, context);
    } finally {
      inFlight--;
    }
  };
}

/** By these the client finds its request in our logs, and in its own. */
function tracingHeaders(event: ProxyEvent, requestId: string): Record<string, string> {
  const trace = traceOf(event);
  return { 'x-request-id': requestId, ...(trace ? { traceparent: trace.header } : {}) };
}

/** W3C Server Timing: `auth;dur=0.02, store;dur=4.1, total;dur=6.2`, in milliseconds. */
const serverTiming = (timings: Readonly<Record<string, number>>): string =>
  Object.entries(timings)
    .map(([part, millis]) => `${part};dur=${millis.toFixed(2)}`)
    .join(', ');

const overloaded = (): TidemarkError =>
  new TidemarkError('http.overloaded', 'too many requests at one time', { kind: 'unavailable' });

const notProxyEvent = (): TidemarkError =>
  new TidemarkError('http.badEvent', 'the event is not an API Gateway proxy event; call the function through its API');

function bodyOf(event: ProxyEvent, maxBytes: number): string {
  const raw = event.body ?? '';
  // a text of n UTF-16 units has n to 3n UTF-8 bytes, base64 of n characters 3n/4: most bodies need no exact count
  const body = event.isBase64Encoded === true ? Buffer.from(raw, 'base64').toString('utf8') : raw;
  if (body.length * 3 > maxBytes && Buffer.byteLength(body) > maxBytes)
    throw new TidemarkError(
      'http.tooLarge',
      `the body has ${Buffer.byteLength(body)} bytes, at most ${maxBytes} are taken; send less at a time`,
    );
  return body;
}

function definedMembers(members: Readonly<Record<string, string | null | undefined>> | null | undefined) {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(members ?? {})) if (value != null) defined[name] = value;
  return defined;
}
