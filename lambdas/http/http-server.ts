import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { TidemarkError } from '#spec/errors.ts';
import { bodyBytes, callHandler } from './call-handler.ts';
import type { HttpHandler } from './create-http-handler.ts';
import { problemResponse } from './problem.ts';
import type { ProxyResult } from './proxy-event.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no more connections, lets requests that are being answered end, and ends what is left after 10 seconds. */
  stop(): Promise<void>;
}

/** As API Gateway; routes take far less. */
const maxBodyBytes = 10 * 1024 * 1024;
/** Longer than load balancers keep an idle connection (60 s): whoever closes first must not be the one who may still be sent a request. */
const keepAliveMillis = 75_000;
const stopMillis = 10_000;

/** A handler of proxy events behind an HTTP server of its own: what a deployment answers, without API Gateway and Lambda. */
export async function startHttpServer(handler: HttpHandler, { host, port }: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: keepAliveMillis, requestTimeout: 30_000 }, (request, response) => {
    // A caller who has gone takes no answer, and the handler itself never rejects.
    answer(handler, request).then(
      (result) => write(result, response),
      () => response.destroy(),
    );
  });
  await listening(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    stop: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), stopMillis);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

const listening = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new TidemarkError(
          'http.cannotListen',
          `cannot listen on ${host}:${port} (${cause.code ?? cause.message}); choose another port or address`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });

async function answer(handler: HttpHandler, request: IncomingMessage): Promise<ProxyResult> {
  const arrivedMillis = performance.now();
  const requestId = randomUUID();
  const body = await bodyOf(request);
  if (body === undefined) return problemResponse(tooLarge(), requestId);
  const target = request.url ?? '/';
  const queryAt = target.indexOf('?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers[name] = value;
  return callHandler(handler, {
    httpMethod: request.method ?? 'GET',
    path: queryAt < 0 ? target : target.slice(0, queryAt),
    query: queryAt < 0 ? undefined : new URLSearchParams(target.slice(queryAt + 1)),
    headers,
    body,
    requestId,
    arrivedMillis,
  });
}

/** Undefined for a body that is too large; the rest of it is not kept. Rejects when the caller goes away. */
const bodyOf = (request: IncomingMessage): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on('error', reject);
    request.on('end', () => resolve(bytes > maxBodyBytes ? undefined : Buffer.concat(chunks).toString('utf8')));
  });

function write(result: ProxyResult, response: ServerResponse): void {
  const bytes = bodyBytes(result);
  response.writeHead(result.statusCode, { ...result.headers, 'content-length': bytes.length });
  response.end(bytes);
}

const tooLarge = (): TidemarkError =>
  new TidemarkError('http.tooLarge', `the body has more than ${maxBodyBytes} bytes; send less at a time`);
