import { randomUUID } from 'node:crypto';
import { bodyBytes, callHandler } from './call-handler.ts';
import type { HttpHandler } from './create-http-handler.ts';

/** A fetch that a handler of proxy events answers in this process, whatever the host of the URL; paths count from its root. Rejects with the reason of an aborted signal. */
export function handlerFetch(handler: HttpHandler): typeof fetch {
  return async (input, init) => {
    const arrivedMillis = performance.now();
    const request = new Request(input, init);
    const { pathname, searchParams } = new URL(request.url);
    const body = await request.text();
    const result = await unlessAborted(
      request.signal,
      callHandler(handler, {
        httpMethod: request.method,
        path: pathname,
        query: searchParams.size === 0 ? undefined : searchParams,
        headers: Object.fromEntries(request.headers),
        body,
        requestId: randomUUID(),
        arrivedMillis,
      }),
    );
    return new Response(bodiless.has(result.statusCode) ? null : bodyBytes(result), {
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
