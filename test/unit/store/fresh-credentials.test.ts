import { beforeEach, expect, it } from 'vitest';
import { freshCredentials } from '#store/dynamodb/fresh-credentials.ts';

const lifeMillis = 3_600_000;
let nowMillis = 0;
let made = 0;
let chain: () => Promise<{ accessKeyId: string; secretAccessKey: string; expiration: Date }>;
beforeEach(() => {
  nowMillis = 0;
  made = 0;
  chain = async () => ({
    accessKeyId: `key ${made++}`,
    secretAccessKey: 'secret',
    expiration: new Date(nowMillis + lifeMillis),
  });
});
const fresh = () =>
  freshCredentials(
    () => chain(),
    () => nowMillis,
  );

it('gives the credentials from memory while they are far from their end', async () => {
  const credentials = fresh();
  await credentials.current();
  nowMillis = lifeMillis - 11 * 60_000;
  expect(credentials.current()).toMatchObject({ accessKeyId: 'key 0' });
  expect(made).toBe(1);
});

it('renews them before their end, and no request waits for that', async () => {
  const credentials = fresh();
  await credentials.current();
  nowMillis = lifeMillis - 9 * 60_000;
  expect(credentials.current()).toMatchObject({ accessKeyId: 'key 0' }); // no promise: nothing to wait for
  await new Promise(setImmediate);
  expect(credentials.current()).toMatchObject({ accessKeyId: 'key 1' });
  expect(made).toBe(2);
});

it('goes on with the old ones while renewing fails, and asks again only after a while', async () => {
  const credentials = fresh();
  await credentials.current();
  let asked = 0;
  chain = () => {
    asked++;
    return Promise.reject(new Error('the metadata service is away'));
  };
  nowMillis = lifeMillis - 9 * 60_000;
  for (const afterMillis of [0, 1000, 8000, 1000]) {
    nowMillis += afterMillis;
    expect(credentials.current()).toMatchObject({ accessKeyId: 'key 0' });
    await new Promise(setImmediate);
  }
  expect(asked).toBe(2);
});

it('waits for new ones after their end, once for all who ask, and tells why there are none', async () => {
  const credentials = fresh();
  await credentials.current();
  nowMillis = lifeMillis;
  const both = await Promise.all([credentials.current(), credentials.current()]);
  expect(both.map(({ accessKeyId }) => accessKeyId)).toEqual(['key 1', 'key 1']);
  nowMillis += lifeMillis;
  chain = () => Promise.reject(new Error('no credentials'));
  await expect(credentials.current()).rejects.toThrow('no credentials');
});

it('never asks again for credentials without an end', async () => {
  let asked = 0;
  const credentials = freshCredentials(
    async () => ({ accessKeyId: `key ${asked++}`, secretAccessKey: 'secret' }),
    () => nowMillis,
  );
  await credentials.current();
  nowMillis = 10 * 365 * 86_400_000;
  expect(credentials.current()).toMatchObject({ accessKeyId: 'key 0' });
});
