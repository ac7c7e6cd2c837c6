import type { Target } from '#cli/target.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

export interface HttpCall {
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PUT';
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Null: no authorization header at all. @default - the deployment's token */
  readonly authorization?: string | null;
}

/** Calls a deployment's API as any HTTP client would. */
export async function httpCall(target: Target, path: string, call: HttpCall = {}): Promise<HttpAnswer> {
  const { method = call.body === undefined ? 'GET' : 'POST', body, authorization = `Bearer ${target.apiToken}` } = call;
  const response = await fetch(`${target.apiUrl}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(authorization === null ? {} : { authorization }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, contentType: response.headers.get('content-type') ?? '', text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
