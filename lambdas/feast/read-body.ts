import type * as z from 'zod/mini';
import { parseWireJson } from '#codec/wire-json.ts';
import { checkBody } from '#lambdas/http/json-body.ts';
import { cutText } from '#lambdas/http/problem.ts';
import { TidemarkError } from '#spec/errors.ts';

/** More would make the answer to a wholly wrong request longer than the request. */
const maximumFaults = 50;

/** One fault of a body, as FastAPI tells it. */
interface Fault {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
}

/** The body of a Feast request. Throws feast.invalidBody, answered 422, with faults in the form and words of Feast's server. */
export function readFeastBody<T>(body: string, schema: z.ZodMiniType<T>): T {
  if (body.trim() === '') throw invalid([{ ...missing, loc: ['body'], input: null }]);
  const json = parsed(body);
  const checked = checkBody(schema, json);
  if (checked.success) return checked.data;
  throw invalid(checked.error.issues.slice(0, maximumFaults).map((issue) => faultOf(issue, json)));
}

const missing = { type: 'missing', msg: 'Field required' };

function parsed(body: string): unknown {
  try {
    return parseWireJson(body);
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    throw invalid([
      { type: 'json_invalid', loc: ['body', Number(position ?? 0)], msg: 'JSON decode error', input: {} },
    ]);
  }
}

/** Names and words of the types that bodies are made of. */
const types: Readonly<Record<string, readonly [type: string, wanted: string]>> = {
  array: ['list_type', 'list'],
  record: ['dict_type', 'dictionary'],
  string: ['string_type', 'string'],
  boolean: ['bool_type', 'boolean'],
};

function faultOf(issue: z.core.$ZodIssue, json: unknown): Fault {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : cutText(String(part))));
  const input = 'input' in issue ? issue.input : null;
  const loc = ['body', ...path];
  if (input === undefined) return { ...missing, loc, input: shown(json) };
  if (path.length === 0)
    return {
      type: 'model_attributes_type',
      loc,
      msg: 'Input should be a valid dictionary or object to extract fields from',
      input: shown(input),
    };
  const [type, wanted] = types[issue.code === 'invalid_type' ? issue.expected : ''] ?? ['value_error', 'value'];
  return { type, loc, msg: `Input should be a valid ${wanted}`, input: shown(input) };
}

/** A whole body would make the answer as long as the request. */
const maximumShown = 500;
function shown(input: unknown): unknown {
  try {
    const text = JSON.stringify(input, (_, member: unknown) => (typeof member === 'bigint' ? `${member}` : member));
    return text === undefined || text.length > maximumShown ? null : JSON.parse(text);
  } catch {
    return null; // nested deeper than the stack
  }
}

const invalid = (faults: readonly Fault[]): TidemarkError =>
  new TidemarkError('feast.invalidBody', `${faults[0]?.loc.join('.')}: ${faults[0]?.msg}`, {
    details: { feastDetail: faults },
  });
