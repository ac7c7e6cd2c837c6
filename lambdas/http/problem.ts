import { STATUS_CODES } from 'node:http';
import * as z from 'zod/mini';
import { type ErrorKind, TidemarkError } from '#spec/errors.ts';
import type { ProxyResult } from './proxy-event.ts';

/** One fault of a request; `pointer` is the JSON pointer (RFC 6901) of the member, '' for the whole body. */
const fieldErrorSchema = z.strictObject({ pointer: z.string(), message: z.string() });
export type FieldError = z.infer<typeof fieldErrorSchema>;

/** RFC 9457 problem details. `code` is for programs (`room.problem`), `detail` for people. */
export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string(),
  requestId: z.string(),
  errors: z.optional(z.array(fieldErrorSchema)),
});
type Problem = z.infer<typeof problemSchema>;

/** Codes whose status says more than their kind does. */
const statusOfCode: Readonly<Record<string, number>> = {
  'http.methodNotAllowed': 405,
  'http.tooLarge': 413,
  'serve.tooLarge': 413,
  'access.overBurst': 413,
};
const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  throttled: 429,
  failed: 500,
  unavailable: 503,
};

/** What a caller is told where the fault is ours: the messages of such errors may name machines, so none is passed on. */
const internalDetail: Readonly<Record<number, string>> = {
  500: 'internal error; report the request id',
  503: 'the store did not answer in time; try again',
};

const fieldErrors = z.array(fieldErrorSchema);

const maximumText = 2000;
/** A text that may quote what a caller sent: cut, so that no answer outgrows what Lambda may send (6 MB). */
export const cutText = (text: string): string =>
  text.length > maximumText ? `${text.slice(0, maximumText).toWellFormed()}...` : text;

/**
 * The problem that a caller is told of any error. Errors of kind failed or unavailable and whatever is not a TidemarkError carry a
 * fixed text, the code and the request id only: never a message, stack or path.
 */
function problemOf(error: unknown, requestId: string): Problem {
  const known = error instanceof TidemarkError ? error : undefined;
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  const status = known ? (statusOfCode[known.code] ?? statusOfKind[known.kind]) : timedOut ? 503 : 500;
  const code = known?.code ?? (timedOut ? 'http.timeout' : 'http.internal');
  const errors = fieldErrors.safeParse(known?.details.errors);
  return {
    type: `urn:tidemark:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: cutText(internalDetail[status] ?? known?.message ?? ''),
    instance: `urn:tidemark:request:${requestId}`,
    code,
    requestId,
    ...(status < 500 && errors.success ? { errors: errors.data.map(cutError) } : {}),
  };
}

const cutError = ({ pointer, message }: FieldError): FieldError => ({
  pointer: cutText(pointer),
  message: cutText(message),
});

const extraHeaders = (problem: Problem, error: unknown): Record<string, string> => {
  if (problem.status === 401) return { 'www-authenticate': 'Bearer realm="tidemark"' };
  if (problem.status === 503) return { 'retry-after': '1' };
  const { allow, retryAfterSeconds } = error instanceof TidemarkError ? error.details : {};
  if (typeof retryAfterSeconds === 'number') return { 'retry-after': String(retryAfterSeconds) };
  return typeof allow === 'string' ? { allow } : {};
};

/** The response to a failed request: application/problem+json. */
export function problemResponse(error: unknown, requestId: string): ProxyResult {
  const problem = problemOf(error, requestId);
  return {
    statusCode: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': requestId,
      ...extraHeaders(problem, error),
    },
    body: JSON.stringify(problem),
  };
}
