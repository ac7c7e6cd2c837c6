import { clientProblem, problemOf, TidemarkProblem } from './problem.ts';

export interface ClientOptions {
  /** Of the API, with its stage: `https://abc.execute-api.eu-central-1.amazonaws.com/api`. */
  readonly url: string;
  /** The API token or JWT, or what gives one for each attempt, for tokens that expire. */
  readonly token: string | (() => string | Promise<string>);
  /** Milliseconds of a call with all its attempts, 1 or more. @default 10000 */
  readonly timeoutMillis?: number;
  /** Milliseconds of one attempt, 1 or more. @default 4000 */
  readonly attemptMillis?: number;
  /** Attempts of a call, 1 or more. @default 3 */
  readonly attempts?: number;
  /** First pause before another attempt, in milliseconds; it doubles, and is drawn from 0 to that. @default 50 */
  readonly backoffMillis?: number;
  /** @default the global fetch, which keeps connections alive */
  readonly fetch?: typeof globalThis.fetch;
}

export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Instead of the client's. */
  readonly timeoutMillis?: number;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  /** Under the API's URL, escaped: `/v1/online-features`. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly accept?: string;
  /** May be sent again though nobody knows whether it was received. */
  readonly isRepeatable: boolean;
  readonly options: CallOptions;
}

/** Makes a call and returns its answer, a success. Throws a TidemarkProblem, or the reason of the caller's signal. */
export type Send = (call: Call) => Promise<Response>;

/** 429 and 503 refuse before anything was done; the others may come after. */
const refused = new Set([429, 503]);
const lost = new Set([500, 502, 504]);
const mayRepeat = ({ status }: TidemarkProblem, { isRepeatable }: Call): boolean =>
  refused.has(status) || (isRepeatable && (lost.has(status) || status === 0));

/** How a client sends: each attempt has a deadline, which the server is told; what may succeed later is tried again after a pause. */
export function transport(options: ClientOptions): Send {
  const { timeoutMillis = 10_000, attemptMillis = 4000, attempts = 3, backoffMillis = 50 } = options;
  return async (call) => {
    const endMillis = Date.now() + (call.options.timeoutMillis ?? timeoutMillis);
    for (let attempt = 1; ; attempt++) {
      const millis = Math.min(attemptMillis, endMillis - Date.now());
      const outcome = await attempted(options, call, millis);
      if (!(outcome instanceof TidemarkProblem)) return outcome;
      const pause = pauseMillis(attempt, backoffMillis, outcome.retryAfterMillis);
      // A pause that outlasts the call would only delay the bad news.
      if (attempt >= attempts || !mayRepeat(outcome, call) || Date.now() + pause >= endMillis) throw outcome;
      await wait(pause, call.options.signal);
    }
  };
}

/** Full jitter (clients that failed together do not come back together) on top of what the server asks for. */
const pauseMillis = (attempt: number, backoffMillis: number, askedMillis = 0): number =>
  askedMillis + Math.random() * backoffMillis * 2 ** (attempt - 1);

async function attempted(options: ClientOptions, call: Call, millis: number): Promise<Response | TidemarkProblem> {
  const { signal } = call.options;
  signal?.throwIfAborted();
  if (millis < 1) return clientProblem('client.timeout', 'the call had no time left');
  const timeout = AbortSignal.timeout(millis);
  try {
    const response = await (options.fetch ?? fetch)(`${options.url.replace(/\/$/, '')}${call.path}`, {
      method: call.method,
      headers: await headersOf(options, call, millis),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    if (!response.ok) return await problemOf(response, Date.now());
    // read within the attempt's time: a body that never ends is no answer
    return new Response(await response.arrayBuffer(), response);
  } catch (cause) {
    signal?.throwIfAborted();
    if (timeout.aborted) return clientProblem('client.timeout', `no answer within ${Math.round(millis)} ms`, cause);
    return clientProblem('client.network', `cannot reach ${options.url}; is it the URL of the API?`, cause);
  }
}

async function headersOf(options: ClientOptions, call: Call, millis: number): Promise<Record<string, string>> {
  const token = typeof options.token === 'string' ? options.token : await options.token();
  return {
    authorization: `Bearer ${token}`,
    accept: call.accept ?? 'application/json',
    // the server gives up when the client does
    'x-tidemark-deadline-ms': String(Math.max(1, Math.min(60_000, Math.floor(millis)))),
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

/** Rejects with the reason of the signal once that ends it. */
export async function wait(millis: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, millis);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
