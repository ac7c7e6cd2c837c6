import { parseWireJson } from '#codec/wire-json.ts';
import { type ErrorKind, TidemarkError } from '#spec/errors.ts';
import type { Target } from './target.ts';

const kindOfStatus = (status: number): ErrorKind => {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 429) return 'throttled';
  if (status === 404) return 'notFound';
  if (status === 409) return 'conflict';
  return status < 500 ? 'invalid' : 'failed';
};

/** Where the API is, and what it is called with. */
export type ApiAddress = Pick<Target, 'apiUrl' | 'apiToken'>;

/** Calls the deployment's HTTP API; int64 values keep all their digits (bigint beyond 2^53). Throws cli.unreachable and the API's own errors. */
export async function callApi(target: ApiAddress, path: string, body?: string): Promise<unknown> {
  const response = await request(target, path, body);
  const text = await response.text();
  const answer = parse(text);
  if (response.ok) return answer;
  const problem = (answer ?? {}) as { detail?: string; title?: string; code?: string; errors?: unknown }; // problem+json
  throw new TidemarkError(
    problem.code ?? 'cli.apiError',
    problem.detail ?? problem.title ?? `the API answered ${response.status}`,
    {
      kind: kindOfStatus(response.status),
      details: { status: response.status, errors: problem.errors },
    },
  );
}

async function request(target: ApiAddress, path: string, body: string | undefined): Promise<Response> {
  const headers = { authorization: `Bearer ${target.apiToken}`, 'content-type': 'application/json' };
  try {
    return await fetch(`${target.apiUrl}${path}`, body === undefined ? { headers } : { method: 'POST', headers, body });
  } catch (cause) {
    throw new TidemarkError(
      'cli.unreachable',
      `cannot reach the API at ${target.apiUrl}; is it up? for the local cloud: "tidemark local status", then "tidemark local up"`,
      { kind: 'unavailable', cause },
    );
  }
}

function parse(text: string): unknown {
  try {
    return parseWireJson(text);
  } catch {
    return undefined; // not from Tidemark: a proxy's page, say
  }
}
