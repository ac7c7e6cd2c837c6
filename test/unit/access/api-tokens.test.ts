import { randomBytes } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { apiTokenHash, apiTokenId, apiTokenRandomBytes, newApiToken } from '#codec/api-token.ts';
import { listApiTokens, revokeApiToken } from '#engine/access/api-tokens.ts';
import { accessApi } from './access-api.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const roles = { reader: { read: { views: ['orders'] } } };
const body = { features: ['orders:spend'], entities: [{ customer_id: 7 }] };
const world = async () => {
  const api = await accessApi({ roles });
  return {
    ...api,
    read: async (token: string) => (await api.call('POST', '/v1/online-features', { token, body })).status,
  };
};

it('is found by secret scanners, and nothing that differs in one character passes its check', () => {
  const { id, token } = newApiToken(randomBytes(apiTokenRandomBytes));
  expect(token).toMatch(/^tdmk_[0-9a-z]{12}_[0-9A-Za-z]{38}$/);
  expect(apiTokenId(token)).toBe(id);
  for (let position = 0; position < token.length; position++) {
    const other = token[position] === 'a' ? 'b' : 'a';
    expect(apiTokenId(token.slice(0, position) + other + token.slice(position + 1))).toBeUndefined();
  }
});

it('is made of random characters without repetition', () => {
  const tokens = Array.from({ length: 500 }, () => newApiToken(randomBytes(apiTokenRandomBytes)).token);
  expect(new Set(tokens.map((token) => token.slice(5, 17))).size).toBe(500);
  expect(new Set(tokens.map((token) => token.slice(18, 50))).size).toBe(500);
  // every digit comes about as often as any other: 16,000 characters of 62, so 258 of each, give or take 6 deviations
  const counts = new Map<string, number>();
  for (const token of tokens) for (const digit of token.slice(18, 50)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  expect(counts.size).toBe(62);
  for (const count of counts.values()) expect(Math.abs(count - 258)).toBeLessThan(6 * 16);
});

it('is stored as a hash only', async () => {
  const { tokenOf, records } = await world();
  const { token } = await tokenOf(['reader']);
  const [stored] = await listApiTokens(records);
  expect(stored?.hash).toBe(apiTokenHash(token));
  expect(JSON.stringify(stored)).not.toContain(token.slice(18));
});

it('opens what its roles allow until it expires, to the millisecond', async () => {
  const { state, tokenOf, read } = await world();
  const { token } = await tokenOf(['reader'], 5000);
  expect(await read(token)).toBe(200);
  state.nowMillis += 4999;
  expect(await read(token)).toBe(200);
  state.nowMillis += 1;
  expect(await read(token)).toBe(401);
});

it('ends within a minute of being revoked, however busy it is', async () => {
  const { state, records, tokenOf, read } = await world();
  const { token, id } = await tokenOf(['reader']);
  expect(await read(token)).toBe(200);
  await revokeApiToken(records, id, state.nowMillis);
  state.nowMillis += 59_999;
  expect(await read(token)).toBe(200);
  state.nowMillis += 1;
  expect(await read(token)).toBe(401);
});

it('is looked up once a minute, also by requests at the same time, and a refused one once in ten seconds', async () => {
  const { state, tokenOf, read } = await world();
  const { token } = await tokenOf(['reader']);
  expect(await Promise.all([read(token), read(token), read(token)])).toEqual([200, 200, 200]);
  expect(state.reads).toBe(1);
  const stranger = newApiToken(randomBytes(apiTokenRandomBytes)).token;
  for (let n = 0; n < 5; n++) expect(await read(stranger)).toBe(401);
  expect(state.reads).toBe(2);
  state.nowMillis += 10_000;
  expect(await read(stranger)).toBe(401);
  expect(state.reads).toBe(3);
});

it('costs no look-up where its form or check is wrong', async () => {
  const { state, read } = await world();
  for (const text of ['tdmk_', 'tdmk_abc', `tdmk_${'a'.repeat(12)}_${'b'.repeat(38)}`, 'tdmk_../../etc/passwd'])
    expect(await read(text)).toBe(401);
  expect(state.reads).toBe(0);
});

it('is refused with 503 while nobody can tell, and that is not remembered', async () => {
  const { state, tokenOf, read } = await world();
  const { token } = await tokenOf(['reader']);
  state.broken = true;
  expect(await read(token)).toBe(503);
  state.broken = false;
  expect(await read(token)).toBe(200);
});

it('does not pass for another of the same id', async () => {
  const { records, tokenOf, read } = await world();
  const { token, id } = await tokenOf(['reader']);
  const [stored] = await listApiTokens(records);
  await records.put({ group: 'api-token', sort: id, body: { ...stored, hash: apiTokenHash(`${token}x`) } });
  expect(await read(token)).toBe(401);
});

it('stays out of every log line and every answer', async () => {
  const { call, lines, tokenOf, state } = await world();
  const { token, id } = await tokenOf(['reader'], 5000);
  const answers = [await call('POST', '/v1/online-features', { token, body })];
  state.nowMillis += 5000;
  for (const bad of [token, `${token}x`, 'wr0ng-token'])
    answers.push(await call('POST', '/v1/online-features', { token: bad, body }));
  const said = [...lines, ...answers.map(({ text }) => text)].join('\n');
  expect(said).toContain(`token:${id}`);
  for (const secret of [token.slice(18), apiTokenHash(token), 'wr0ng-token']) expect(said).not.toContain(secret);
});

it('lives at most 366 days', async () => {
  const { tokenOf } = await world();
  await expect(tokenOf(['reader'], 367 * 86_400_000)).rejects.toMatchObject({ code: 'access.badToken' });
  await expect(tokenOf(['reader'], 0)).rejects.toMatchObject({ code: 'access.badToken' });
});
