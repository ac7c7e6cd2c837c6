import { expect, it } from 'vitest';
import { createTokenCheck } from '#lambdas/http/identity/token-check.ts';

/** A secret that tests replace or break, which counts its reads; time stands still until moved. */
function vault(token: string) {
  const state = { token, broken: false, reads: 0, nowMillis: 1_000_000 };
  const secrets = {
    get: async (id: string) => {
      state.reads++;
      if (state.broken) throw new Error('no connection');
      return id === 'api-token' ? state.token : 'another secret';
    },
  };
  return { state, check: createTokenCheck({ secrets, secretId: 'api-token', clock: () => state.nowMillis }) };
}

it('accepts the secret and nothing else', async () => {
  const { check } = vault('s3cret');
  expect(await check('s3cret')).toBe(true);
  for (const wrong of ['', 's3cre', 's3crett', 'S3cret', 'another secret']) expect(await check(wrong)).toBe(false);
});

it('reads the secret once in five minutes', async () => {
  const { check, state } = vault('s3cret');
  await check('s3cret');
  state.nowMillis += 5 * 60_000 - 1;
  await check('s3cret');
  expect(state.reads).toBe(1);
  state.nowMillis += 1;
  await check('s3cret');
  expect(state.reads).toBe(2);
});

it('reads once for requests at the same time', async () => {
  const { check, state } = vault('s3cret');
  expect(await Promise.all(Array.from({ length: 5 }, () => check('s3cret')))).toEqual(Array(5).fill(true));
  expect(state.reads).toBe(1);
});

it('takes a rotated token at once, and forgets the old one', async () => {
  const { check, state } = vault('old');
  await check('old');
  state.nowMillis += 10_000;
  state.token = 'new';
  expect(await check('new')).toBe(true);
  expect(await check('old')).toBe(false);
});

it('reads at most once in ten seconds for wrong tokens', async () => {
  const { check, state } = vault('s3cret');
  await check('s3cret');
  state.nowMillis += 9_999;
  for (let n = 0; n < 50; n++) await check(`wrong-${n}`);
  expect(state.reads).toBe(1);
  state.nowMillis += 1;
  for (let n = 0; n < 50; n++) await check(`wrong-${n}`);
  expect(state.reads).toBe(2);
});

it('keeps the last secret while it cannot be read, and rejects when there is none', async () => {
  const { check, state } = vault('s3cret');
  await check('s3cret');
  state.broken = true;
  state.nowMillis += 10 * 60_000;
  expect(await check('s3cret')).toBe(true);
  const fresh = vault('s3cret');
  fresh.state.broken = true;
  await expect(fresh.check('s3cret')).rejects.toThrow('no connection');
  fresh.state.broken = false;
  expect(await fresh.check('s3cret')).toBe(true);
});
