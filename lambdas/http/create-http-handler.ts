import type { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { TidemarkError } from '#spec/errors.ts';
import { authenticate, principalOf } from './authenticate.ts';
import type { Identify } from './identity/identify.ts';
import { addLogFacts, answerProblems, observe, requestIdOf } from './observe.ts';
import { problemResponse } from './problem.ts';
import { type ProxyEvent, type ProxyResult, proxyEventSchema } from './proxy-event.ts';
import { createRouter, type HttpRequest, type Route, routeOf } from './router.ts';

export interface HttpHandlerOptions {
  readonly routes: readonly Route[];
  readonly identify: Identify;
  readonly logger: Logger;
}

/** Takes any event: what is no proxy event is answered 400. Never rejects. */
export type HttpHandler = (event: unknown, context: Context) => Promise<ProxyResult>;

const defaultMaxBodyBytes = 1024 * 1024;
/** Kept back from the function's timeout to write the answer. */
const answerMillis = 250;

/**
 * An API Gateway proxy handler over routes: request log, identity, problem+json errors. The event is checked here once;
 * routes trust what they get. Responses are JSON, never cached, and carry the request id.
 */
export function createHttpHandler(options: HttpHandlerOptions): HttpHandler {
  const router = createRouter(options.routes);
  const handler = middy<ProxyEvent, ProxyResult>({ timeoutEarlyInMillis: 50 })
    .use(observe(router, options.logger))
    .use(answerProblems(router))
    .use(authenticate(router, options.identify))
    .handler(async (event: ProxyEvent, context: Context): Promise<ProxyResult> => {
      const { route, parameters } = routeOf(router(event.httpMethod, event.path), event.httpMethod, event.path);
      const requestId = requestIdOf(event, context);
      const remainingMillis = context.getRemainingTimeInMillis();
      const request: HttpRequest = {
        method: event.httpMethod,
        path: event.path,
        parameters,
        query: definedMembers(event.queryStringParameters),
        body: bodyOf(event, route.maxBodyBytes ?? defaultMaxBodyBytes),
        requestId,
        principal: principalOf(event),
        deadlineMillis: Date.now() + Math.max(0, remainingMillis - answerMillis),
      };
      const response = await route.handle(request);
      if (response.log) addLogFacts(event, response.log);
      return {
        statusCode: response.status ?? 200,
        headers: {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          'x-request-id': requestId,
          ...response.headers,
        },
        body: response.body,
      };
    });
  return async (event, context) => {
    const checked = proxyEventSchema.safeParse(event);
    return checked.success ? handler(checked.data, context) : problemResponse(notProxyEvent(), 'unknown');
  };
}

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
