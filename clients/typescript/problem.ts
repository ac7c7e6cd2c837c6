/** One fault of a request; `pointer` is the JSON pointer of the member, '' for the whole body. */
export interface FieldProblem {
  readonly pointer: string;
  readonly message: string;
}

export interface ProblemFacts {
  /** `room.problem`: what programs switch on. Of this client: `client.network`, `client.timeout`, `client.badAnswer`, `client.unwritable`. */
  readonly code: string;
  /** Of HTTP; 0 where there was no answer. */
  readonly status: number;
  readonly detail: string;
  readonly title: string;
  readonly requestId: string | undefined;
  readonly errors: readonly FieldProblem[];
  /** Milliseconds that the server asks to wait; undefined where it does not say. */
  readonly retryAfterMillis: number | undefined;
  readonly cause?: unknown;
}

/** Every failure of a call: the problem that the API answered (RFC 9457), or that there was no answer that can be used. */
export class TidemarkProblem extends Error implements ProblemFacts {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly title: string;
  readonly requestId: string | undefined;
  readonly errors: readonly FieldProblem[];
  readonly retryAfterMillis: number | undefined;

  constructor(facts: ProblemFacts) {
    super(`${facts.code}: ${facts.detail}`, { cause: facts.cause });
    this.name = 'TidemarkProblem';
    this.code = facts.code;
    this.status = facts.status;
    this.detail = facts.detail;
    this.title = facts.title;
    this.requestId = facts.requestId;
    this.errors = facts.errors;
    this.retryAfterMillis = facts.retryAfterMillis;
  }
}

/** A failure without an answer, or with one that is not Tidemark's. */
export const clientProblem = (code: string, detail: string, cause?: unknown): TidemarkProblem =>
  new TidemarkProblem({
    code,
    status: 0,
    detail,
    title: 'No answer',
    requestId: undefined,
    errors: [],
    retryAfterMillis: undefined,
    cause,
  });

/** The problem in an answer that is no success; a body that is none (of a proxy, say) becomes `client.badAnswer` with its status. */
export async function problemOf(response: Response, nowMillis: number): Promise<TidemarkProblem> {
  const body = record(parsed(await response.text()));
  const text = (name: string): string | undefined => (typeof body[name] === 'string' ? body[name] : undefined);
  return new TidemarkProblem({
    code: text('code') ?? 'client.badAnswer',
    status: response.status,
    detail: text('detail') ?? `the server answered ${response.status} without a problem of Tidemark`,
    title: text('title') ?? response.statusText,
    requestId: text('requestId') ?? response.headers.get('x-request-id') ?? undefined,
    errors: Array.isArray(body.errors) ? body.errors.map(fieldProblem) : [],
    retryAfterMillis: retryAfterMillis(response.headers.get('retry-after'), nowMillis),
  });
}

/** Retry-After is whole seconds or a date; a date that has passed is 0. */
export function retryAfterMillis(header: string | null, nowMillis: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMillis);
}

const fieldProblem = (item: unknown): FieldProblem => {
  const { pointer, message } = record(item);
  return { pointer: String(pointer ?? ''), message: String(message ?? '') };
};

/** The members of an object, none of anything else. */
export const record = (json: unknown): Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as Readonly<Record<string, unknown>>) // just checked
    : {};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the caller says what that means
  }
}
