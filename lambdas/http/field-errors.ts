import type * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';
import type { FieldError } from './problem.ts';

/** JSON pointer (RFC 6901) of a path. */
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

type Issue = z.core.$ZodIssue;

/** zod/mini has no texts of its own: one sentence per kind of issue. */
function messageOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return 'input' in issue && issue.input === undefined ? 'is missing' : `must be ${article(issue.expected)}`;
    case 'too_big':
      return `must have at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'too_small':
      return `must have at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_format':
      return `must match ${issue.pattern ?? issue.format}`;
    default:
      return issue.message;
  }
}

const unitOf = (origin: string): string => (origin === 'array' ? ' items' : origin === 'string' ? ' characters' : '');
const article = (noun: string): string => `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun === 'record' ? 'object' : noun}`;

/**
 * The faults that a schema found, each at its member; unknown members are listed one by one with those that are allowed. Parse with
 * `reportInput: true`, so that what is missing is told from what is wrong.
 */
export function fieldErrorsOf(issues: readonly Issue[], allowed: readonly string[]): FieldError[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          pointer: pointerOf([...issue.path, key]),
          message: `is not known here${issue.path.length === 0 ? `; allowed: ${allowed.join(', ')}` : ''}`,
        }))
      : [{ pointer: pointerOf(issue.path), message: messageOf(issue) }],
  );
}

/** More would make the answer to a wholly wrong request as long as the request. */
const maxListed = 50;

/** The error that lists all faults of a request, answered 400; `code` is of the room that found them. */
export function invalidRequest(code: string, errors: readonly FieldError[]): TidemarkError {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new TidemarkError(
    code,
    first ? `${first.pointer || 'the body'} ${first.message}${more}` : 'the request is not valid',
    { details: { errors: errors.slice(0, maxListed) } },
  );
}
