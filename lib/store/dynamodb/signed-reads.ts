import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { TidemarkError } from '#spec/errors.ts';
import { systemClock } from '../clock.ts';
import { errorName } from '../retry.ts';
import { type FreshCredentials, freshCredentials } from './fresh-credentials.ts';
import type { DynamoReads } from './reads.ts';
import { type RequestSigner, requestSigner } from './sign-request.ts';

/** Sockets kept alive to the endpoint; no more than the calls in flight are opened. */
const maxSockets = 128;
/** Refusals of credentials that newer ones may cure. */
const staleCredentials = new Set(['ExpiredTokenException', 'UnrecognizedClientException']);

/** Of a request of the SDK, what says where it goes. */
interface HttpRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
}

/** An endpoint with all that its requests share. */
interface Endpoint {
  readonly host: string;
  readonly send: (body: string, headers: Record<string, string>, signal: AbortSignal) => Promise<IncomingMessage>;
  readonly sign: RequestSigner;
}

/**
 * Reads by requests of our own, signed and parsed here: a fraction of the SDK's CPU (ADR 14). Region, endpoint and the chain of credentials are
 * those of `client`. One attempt each, but for credentials that have just expired: those are renewed, and the request is sent once more.
 */
export function signedReads(client: DynamoDBClient): DynamoReads {
  const credentials = freshCredentials(client.config.credentials, systemClock);
  let opening: Promise<Endpoint> | undefined;
  const call = async (operation: string, input: object, signal: AbortSignal): Promise<object> => {
    opening ??= openEndpoint(client).catch((error: unknown) => {
      opening = undefined; // the region may be there the next time
      throw error;
    });
    const endpoint = await opening;
    const body = JSON.stringify(input);
    try {
      return await post(endpoint, { operation, body, signal, credentials: await credentials.current() });
    } catch (error) {
      if (!staleCredentials.has(errorName(error))) throw error;
      return post(endpoint, { operation, body, signal, credentials: await credentials.renew() });
    }
  };
  // The SDK's shapes are DynamoDB's own JSON wherever there are no binary attributes, of which the online table has none.
  return {
    getItem: (input, signal) => call('GetItem', input, signal),
    batchGetItem: (input, signal) => call('BatchGetItem', input, signal),
    query: (input, signal) => call('Query', input, signal),
  };
}

async function openEndpoint(client: DynamoDBClient): Promise<Endpoint> {
  const [region, url] = await Promise.all([client.config.region(), urlOf(client)]);
  const isTls = url.protocol === 'https:';
  const request = isTls ? requestHttps : requestHttp;
  const options: RequestOptions = {
    agent: new (isTls ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets }),
    host: url.hostname,
    port: url.port,
    method: 'POST',
    path: '/',
  };
  return {
    host: url.host,
    sign: requestSigner({ region, service: 'dynamodb' }),
    send: (body, headers, signal) =>
      new Promise((resolve, reject) => {
        request({ ...options, headers, signal }, resolve)
          .on('error', reject)
          .end(body);
      }),
  };
}

/** Where the client would send a request, by whatever rule: it makes one, which is taken from it before it is sent. */
async function urlOf(client: DynamoDBClient): Promise<URL> {
  let url: URL | undefined;
  const command = new GetItemCommand({ TableName: 'none', Key: {} });
  command.middlewareStack.add(
    () => async (args) => {
      const { protocol, hostname, port } = args.request as HttpRequest; // what every HTTP client's request is at this step
      url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`);
      return { response: undefined, output: { $metadata: {} } };
    },
    { step: 'build', name: 'takeRequest' },
  );
  await client.send(command);
  if (!url) throw new TidemarkError('store.noEndpoint', 'the DynamoDB client has no endpoint', { kind: 'failed' });
  return url;
}

interface Post {
  readonly operation: string;
  readonly body: string;
  readonly signal: AbortSignal;
  readonly credentials: Awaited<ReturnType<FreshCredentials['renew']>>;
}

async function post({ host, sign, send }: Endpoint, { operation, body, signal, credentials }: Post): Promise<object> {
  const request = {
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      host,
      'x-amz-target': `DynamoDB_20120810.${operation}`,
    },
    body,
  };
  const headers = sign(request, credentials, systemClock());
  headers['content-length'] = String(Buffer.byteLength(body));
  const response = await send(body, headers, signal);
  const text = await textOf(response);
  if (response.statusCode === 200) return JSON.parse(text);
  throw refusal(response.statusCode ?? 500, text);
}

/** Whole answers mostly come in one piece. Rejects when the connection breaks or the signal fires before the end. */
const textOf = (response: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const [first] = chunks;
      resolve((chunks.length === 1 && first ? first : Buffer.concat(chunks)).toString('utf8'));
    });
  });

/** An error with the name of the fault, `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`, and the status as the SDK gives it. */
function refusal(status: number, text: string): Error {
  let fault: { __type?: unknown; message?: unknown; Message?: unknown } = {};
  try {
    fault = JSON.parse(text);
  } catch {
    // not from DynamoDB: a proxy's page, say
  }
  const name =
    String(fault.__type ?? '')
      .split('#')
      .at(-1) || `Http${status}`;
  return Object.assign(new Error(String(fault.message ?? fault.Message ?? `DynamoDB answered ${status}`)), {
    name,
    $metadata: { httpStatusCode: status },
  });
}
