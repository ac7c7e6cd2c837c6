import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { HttpHandler } from './create-http-handler.ts';

/** What a handler may take, as in Lambda. */
const requestMillis = 10_000;

/** A fetch that a handler of proxy events answers in this process, whatever the host of the URL; paths count from its root. Rejects with the reason of an aborted signal. */
export function handlerFetch(handler: HttpHandler): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { pathname, searchParams } = new URL(request.url);
    const endsAtMillis = performance.now() + requestMillis;
    const requestId = randomUUID();
    // The members of a context that handlers read.
    const context = {
      awsRequestId: requestId,
      getRemainingTimeInMillis: () => endsAtMillis - performance.now(),
    } as Context;
    const event = {
      httpMethod: request.method,
      path: pathname,
      headers: Object.fromEntries(request.headers),
      queryStringParameters: searchParams.size === 0 ? null : Object.fromEntries(searchParams),
      body: await request.text(),
      isBase64Encoded: false,
      requestContext: { requestId },
    };
    const result = await unlessAborted(request.signal, handler(event, context));
    const body = Buffer.from(result.body, result.isBase64Encoded === true ? 'base64' : 'utf8');
    return new Response(bodiless.has(result.statusCode) ? null : body, {
      status: result.statusCode,
      headers: result.headers,
    });
  };
}

/** Statuses that a Response takes no body with. */
const bodiless = new Set([204, 304]);

function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
