import type * as z from 'zod/mini';
import { parseWireJson } from '#codec/wire-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { invalidRequest } from './field-errors.ts';

/** The JSON of a request's body, whole numbers with all their digits. Throws http.badJson. */
export function jsonBody(body: string): unknown {
  try {
    return parseWireJson(body);
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'cannot be parsed';
    throw invalidRequest('http.badJson', [{ pointer: '', message: `is not JSON: ${problem}` }]);
  }
}

/** What a schema says of a body, with the inputs of issues. Throws http.tooManyFaults where zod cannot hold all that is wrong (from 100,000 faults on). */
export function checkBody<T>(schema: z.ZodMiniType<T>, json: unknown) {
  try {
    return schema.safeParse(json, { reportInput: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = 'the body has more faults than can be listed; compare it with GET /v1/openapi.json';
    throw new TidemarkError('http.tooManyFaults', message, { cause });
  }
}
