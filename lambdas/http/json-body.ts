import { parseWireJson } from '#codec/wire-json.ts';
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
