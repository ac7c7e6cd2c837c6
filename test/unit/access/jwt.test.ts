import { afterEach, describe, expect, it, vi } from 'vitest';
import { accessSchema } from '#spec/access.ts';
import { accessApi } from './access-api.ts';
import { issuer, issuerOf, jwt, keyServer, nowSeconds, ours, roles, theirs } from './jwt-world.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const body = { features: ['orders:spend'], entities: [{ customer_id: 7 }] };
async function world(changes: object = {}) {
  const api = await accessApi({ roles, issuers: [issuerOf(changes)] });
  const read = async (token: string) => (await api.call('POST', '/v1/online-features', { token, body })).status;
  return { ...api, read };
}

describe('a JWT of a declared issuer', () => {
  it('opens what the roles that it names allow', async () => {
    const { call } = await world();
    const token = await jwt();
    expect((await call('POST', '/v1/online-features', { token, body })).status).toBe(200);
    const other = { ...body, features: ['everything:a_string'] };
    expect((await call('POST', '/v1/online-features', { token, body: other })).status).toBe(403);
  });

  it.each([
    ['a list', 'roles', ['orders_reader', 'x']],
    ['a text', 'scope', 'openid orders_reader'],
  ])('names roles in %s, in the claim that is declared', async (_, rolesClaim, value) => {
    const { read } = await world({ rolesClaim });
    expect(await read(await jwt({ claims: { roles: undefined, [rolesClaim]: value } }))).toBe(200);
  });

  it('gives admin, or any role beyond those of its issuer, to nobody', async () => {
    const elevated = await jwt({ claims: { roles: ['owner', 'profiles_reader', '__proto__', 'constructor'] } });
    expect(await (await world()).read(elevated)).toBe(403);
    expect(await (await world({ roles: ['profiles_reader'] })).read(await jwt())).toBe(403);
    expect(await (await world({ roles: ['owner'] })).read(elevated)).toBe(200);
  });

  it('counts until exp and the skew of clocks, to the second, though it was believed before', async () => {
    const { state, read } = await world();
    const token = await jwt({ claims: { exp: nowSeconds + 10 } });
    expect(await read(token)).toBe(200);
    state.nowMillis += 39_999;
    expect(await read(token)).toBe(200);
    state.nowMillis += 1;
    expect(await read(token)).toBe(401);
  });

  it('counts from nbf, less the skew', async () => {
    const { read } = await world({ clockSkewSeconds: 5 });
    expect(await read(await jwt({ claims: { nbf: nowSeconds + 5 } }))).toBe(200);
    expect(await read(await jwt({ claims: { nbf: nowSeconds + 6 } }))).toBe(401);
  });

  it('is taken in the stages of its issuer only', async () => {
    const access = { roles, issuers: [issuerOf({ stages: ['prod'] })] };
    for (const [stage, status] of [
      ['dev', 401],
      ['prod', 200],
    ] as const) {
      const { call } = await accessApi(access, { stage });
      expect((await call('POST', '/v1/online-features', { token: await jwt(), body })).status).toBe(status);
    }
  });
});

describe('keys by URL', () => {
  it('are read once, and again for a key id that is new', async () => {
    let keys = [ours.jwk];
    const server = await keyServer(() => keys);
    try {
      const { read, lines } = await world({ keys: undefined, keysUrl: server.url });
      for (const sub of ['a', 'b', 'c']) expect(await read(await jwt({ claims: { sub } }))).toBe(200);
      expect(server.state.asked).toBe(1);
      // rotated, but within the pause after a reading: unknown keys cannot make us ask on every request
      keys = [theirs.jwk];
      for (const sub of ['d', 'e']) expect(await read(await jwt({ key: theirs, claims: { sub } }))).toBe(401);
      expect(server.state.asked).toBe(1);
      expect(lines.join('\n')).not.toContain('eyJ');
    } finally {
      server.close();
    }
  });

  it('that cannot be read are our fault: 503, and read again at the next request', async () => {
    let isUp = false;
    const server = await keyServer(() => (isUp ? [ours.jwk] : undefined));
    try {
      const { read } = await world({ keys: undefined, keysUrl: server.url });
      const token = await jwt();
      expect(await read(token)).toBe(503);
      isUp = true;
      expect(await read(token)).toBe(200);
    } finally {
      server.close();
    }
  });
});

describe('an issuer', () => {
  it.each([
    ['a private key', { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB', d: 'secret' }] }],
    ['a shared secret', { keys: [{ kty: 'oct', k: 'secret' }] }],
    ['an algorithm of shared secrets', { algorithms: ['HS256'] }],
    ['no algorithm', { algorithms: [] }],
    ['the algorithm none', { algorithms: ['none'] }],
    ['keys over plain HTTP', { keys: undefined, keysUrl: 'http://login.example.com/keys' }],
    ['keys by name and by URL', { keysUrl: 'https://login.example.com/keys' }],
    ['no keys', { keys: undefined }],
    ['hours of skew', { clockSkewSeconds: 3600 }],
  ])('is refused with %s', (_, changes) => {
    expect(accessSchema.safeParse({ roles, issuers: [issuerOf(changes)] }).success).toBe(false);
    expect(accessSchema.safeParse({ roles, issuers: [issuerOf()] }).success).toBe(true);
  });
});

describe('an AWS identity that API Gateway passes', () => {
  const iam = { 'arn:aws:iam::123456789012:role/scoring': ['orders_reader'] };
  const calling = async (userArn: string, token?: string) => {
    const { call } = await accessApi({ roles, iam });
    const headers = { Authorization: token ?? 'AWS4-HMAC-SHA256 Credential=..., Signature=...' };
    return (await call('POST', '/v1/online-features', { body, identity: { userArn }, headers })).status;
  };

  it('has the roles of its ARN, whatever its session', async () => {
    expect(await calling('arn:aws:sts::123456789012:assumed-role/scoring/i-0abc')).toBe(200);
    expect(await calling('arn:aws:iam::123456789012:role/scoring')).toBe(200);
  });

  it('has no roles where the access does not name it', async () => {
    for (const arn of [
      'arn:aws:sts::123456789012:assumed-role/other/scoring',
      'arn:aws:sts::210987654321:assumed-role/scoring/i-0abc',
      'arn:aws:iam::123456789012:user/scoring',
      'constructor',
    ])
      expect(await calling(arn)).toBe(403);
  });

  it('is nobody without one: a header alone proves nothing', async () => {
    expect(await calling('')).toBe(401);
  });
});

it('of an issuer that nobody declared is told apart from no issuer at all only by its text', async () => {
  const { call } = await accessApi({ roles });
  const { status, json } = await call('POST', '/v1/online-features', { token: await jwt(), body });
  expect([status, json.code]).toEqual([401, 'http.unauthorized']);
  expect(json.detail).not.toContain(issuer);
});
