import { expect } from 'vitest';
import { problemSchema } from '#lambdas/http/problem.ts';
import { fuzzToken } from './fuzz-api.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${fuzzToken}`, 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
}

/** Longer than this, an answer quotes the request at length. */
const longestRefusal = 20_000;

/** Holds an answer to what all have in common: 2xx, or 4xx with a problem that says what is wrong; of Feast's routes in Feast's form. */
export function expectClear({ status, text }: Answer, isFeast: boolean, context: string): void {
  expect(status, `${context}\n${text}`).toBeLessThan(500);
  if (status < 300) return;
  expect(text.length, context).toBeLessThan(longestRefusal);
  const json: unknown = JSON.parse(text);
  if (isFeast) {
    expect(text.length, context).toBeGreaterThan(10);
    return;
  }
  const problem = problemSchema.safeParse(json);
  expect(problem.error, `${context}\n${text}`).toBeUndefined();
  expect(problem.data?.status, context).toBe(status);
  expect(problem.data?.detail.length, context).toBeGreaterThan(10);
  // words of the engine are none of ours
  expect(text, context).not.toMatch(/call stack|undefined|\[object|TypeError|RangeError/);
}
