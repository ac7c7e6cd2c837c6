import type { Context } from 'aws-lambda';
import type { HttpHandler } from './create-http-handler.ts';
import type { ProxyEvent, ProxyResult } from './proxy-event.ts';

/** What a handler may take, as in Lambda. */
const requestMillis = 10_000;

/** A request that came by another way than API Gateway. */
export interface PlainRequest {
  readonly httpMethod: string;
  readonly path: string;
  /** What stands behind the `?`. */
  readonly query: URLSearchParams | undefined;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly requestId: string;
  /** When it came, by performance.now(): the handler's time runs from then. */
  readonly arrivedMillis: number;
}

/** Hands a request to a handler as API Gateway would, without what only API Gateway can vouch for: nobody is identified by an AWS signature here. */
export function callHandler(handler: HttpHandler, request: PlainRequest): Promise<ProxyResult> {
  const { httpMethod, path, query, headers, body, requestId, arrivedMillis } = request;
  const event: ProxyEvent = {
    httpMethod,
    path,
    headers,
    queryStringParameters: query ? Object.fromEntries(query) : null,
    body,
    isBase64Encoded: false,
    requestContext: { requestId },
  };
  // The members of a context that handlers read.
  const context = {
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => arrivedMillis + requestMillis - performance.now(),
  } as Context;
  return handler(event, context);
}

/** The bytes of an answer. */
export const bodyBytes = ({ body, isBase64Encoded }: ProxyResult): Buffer =>
  Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
