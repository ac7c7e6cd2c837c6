import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectClear, post } from './check-answer.ts';
import { type FuzzApi, startFuzzApi } from './fuzz-api.ts';
import { nastyValues, withOneReplaced } from './nasty-values.ts';
import { validRequests } from './valid-requests.ts';

let api: FuzzApi;
const faults: unknown[] = [];
beforeAll(async () => {
  api = await startFuzzApi((fault) => faults.push(fault));
});
afterAll(() => api.stop());

it.each(validRequests)('the request to $path that is changed here is valid as it is: $body', async ({ path, body }) => {
  const { status, text } = await post(api.url + path, JSON.stringify(body));
  expect(status, text).toBeLessThan(300);
});

describe.each(Object.entries(nastyValues))('%s in place of any value of a valid request', (name, nasty) => {
  it('is taken or refused in clear words', async () => {
    for (const { path, body } of validRequests)
      for (const [pointer, text] of withOneReplaced(body, nasty))
        expectClear(await post(api.url + path, text), !path.startsWith('/v1/'), `${name} at ${pointer} of ${path}`);
    expect(faults.splice(0)).toEqual([]);
  });
});

it('a member that is not known is taken or refused in clear words, whatever its name', async () => {
  const names = [
    '__proto__',
    'constructor',
    '',
    '\u0000',
    '\ud800',
    '\u202e',
    'x'.repeat(100_000),
    '"'.repeat(100_000),
  ];
  for (const { path, body } of validRequests)
    for (const unknown of names) {
      const text = JSON.stringify(body).replace('{', () => `{${JSON.stringify(unknown)}:1,`);
      const answer = await post(api.url + path, text);
      expectClear(answer, !path.startsWith('/v1/'), `member ${unknown.slice(0, 20)} of ${path}`);
    }
  expect(faults.splice(0)).toEqual([]);
});
