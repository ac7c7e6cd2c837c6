import { createHmac, KeyObject, randomBytes, sign } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { revokeApiToken } from '#engine/access/api-tokens.ts';
import { accessApi, order, spine } from './access-api.ts';
import { issuerOf, jwt, nowSeconds, ours, roles, theirs } from './jwt-world.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What no caller of these tests may come to see. */
const secrets = ['secret-profile', '12.5'];
const world = async (changes: object = {}) => {
  const api = await accessApi({
    roles: { ...roles, limited: { read: { views: ['orders'] }, limits: { perSecond: 100, burst: 400 } } },
    issuers: [issuerOf()],
    ...changes,
  });
  /** Tries every route that gives or takes data; the statuses, after a look for what must not be in any answer. */
  const tryAll = async (token: string | undefined, headers: Record<string, string> = {}) => {
    const answers = await Promise.all(
      (
        [
          ['POST', '/v1/online-features', { features: ['orders:spend'], entities: [{ customer_id: 7 }] }],
          [
            'POST',
            '/v1/online-features',
            { service: 'lanes', entities: [{ customer_id: 7, origin: 'a', target: 'b' }] },
          ],
          ['POST', '/get-online-features', { features: ['orders:spend'], entities: { customer_id: [7] } }],
          ['POST', '/v1/push/orders', { events: [order] }],
          ['POST', '/push', { push_source_name: 'orders', df: { user_id: [7] } }],
          ['POST', '/write-to-online-store', { feature_view_name: 'everything', df: { customer_id: [7] } }],
          ['POST', '/materialize', { start_ts: '2026-01-01T00:00:00Z', end_ts: '2026-01-02T00:00:00Z' }],
          ['POST', '/materialize-incremental', { end_ts: '2026-01-02T00:00:00Z' }],
          ['POST', '/v1/training-sets', { features: ['orders:spend'], spine }],
          ['GET', '/v1/training-sets/ts-0', undefined],
          ['GET', '/v1/feature-views', undefined],
          ['GET', '/v1/openapi.json', undefined],
        ] as const
      ).map(([method, path, body]) =>
        api.call(method, path, { body, headers, ...(token === undefined ? {} : { token }) }),
      ),
    );
    for (const { text } of answers) for (const secret of secrets) expect(text).not.toContain(secret);
    return [...new Set(answers.map(({ status }) => status))];
  };
  return { ...api, tryAll };
};

describe('OWASP API1:2023 broken object level authorization', () => {
  const refs = [
    'everything:a_string',
    'everything@2:a_string',
    'orders:spend,everything:a_string',
    'orders:spend everything:a_string',
    "orders:spend' OR '1'='1",
    'orders:../everything:a_string',
    'orders:spend\u0000everything:a_string',
    '*:*',
    'orders@1@2:spend',
    '__proto__:spend',
    'constructor:name',
    'orders:__proto__',
    ':a_string',
    'EVERYTHING:a_string',
    'everythi\u006eg:a_string',
  ];
  it.each(refs)('injected ref %j gives a caller of another view nothing', async (ref) => {
    const { call, tokenOf, rows } = await world();
    const { token } = await tokenOf(['orders_reader']);
    for (const features of [[ref], ['orders:spend', ref]]) {
      const { status, text } = await call('POST', '/v1/online-features', {
        token,
        body: { features, entities: [{ customer_id: 7 }] },
      });
      expect([400, 403, 404]).toContain(status);
      for (const secret of secrets) expect(text).not.toContain(secret);
      for (const other of ['everything@2', 'lane_stats', 'basket_features'])
        expect(text.replaceAll(JSON.stringify(JSON.stringify(ref)).slice(1, -1), '')).not.toContain(other);
    }
    expect(rows.asked.filter((asked) => asked.startsWith('everything'))).toEqual([]);
  });

  it.each([
    ['an unknown feature of a view', ['everything:no_such_feature']],
    ['an unknown feature, beside one that may be read', ['orders:spend', 'everything:no_such_feature']],
    ['a feature twice', ['everything:a_string', 'everything@2:a_string']],
    ['a view that is not kept online', ['archive:note']],
    ['views whose request fields may clash', ['basket_features:share', 'risk:risky']],
  ])('%s: errors of planning tell a caller nothing of views of others', async (_, features) => {
    const { call, tokenOf } = await world({
      roles: { ...roles, old: { read: { views: ['orders', 'everything@1', 'archive@7'] } } },
    });
    for (const role of ['orders_reader', 'old']) {
      const { token } = await tokenOf([role]);
      const { status, json } = await call('POST', '/v1/online-features', {
        token,
        body: { features, entities: [{ customer_id: 7 }] },
      });
      expect([status, json.code]).toEqual([403, 'access.refused']);
      expect(JSON.stringify(json)).not.toMatch(/a_int64|online|@2:a_string.*both|known/);
    }
  });

  it('errors of planning tell whoever trains nothing of views of others', async () => {
    const { call, tokenOf } = await world({ roles: { t: { train: { views: ['orders', 'everything@1'] } } } });
    const { token } = await tokenOf(['t']);
    for (const selection of [
      { features: ['everything:no_such_feature'] },
      { features: ['no_such_view:x'] },
      { service: 'no_such_service' },
      { service: 'checkout@9' },
    ]) {
      const { status, text } = await call('POST', '/v1/training-sets', { token, body: { ...selection, spine } });
      expect(status).toBe(403);
      expect(text).not.toMatch(/a_int64|lanes|checkout@1/);
    }
  });

  it('a feature that a view of the caller does not have is told with those that it has', async () => {
    const { call, tokenOf } = await world();
    const { token } = await tokenOf(['orders_reader']);
    const body = { features: ['orders:spent'], entities: [{ customer_id: 7 }] };
    const { status, json } = await call('POST', '/v1/online-features', { token, body });
    expect(status).toBe(404);
    expect(json.detail).toContain('did you mean "spend"');
  });

  it('another role gives nothing of a view, by ref or in a service', async () => {
    const { call, tokenOf } = await world();
    const { token } = await tokenOf(['profiles_reader']);
    for (const selection of [{ features: ['orders:spend'] }, { service: 'lanes' }, { service: 'checkout@1' }]) {
      const entities = [{ customer_id: 7, origin: 'a', target: 'b' }];
      const { status, text } = await call('POST', '/v1/online-features', { token, body: { ...selection, entities } });
      expect(status).toBe(403);
      expect(text).not.toContain('12.5');
    }
  });
});

describe('OWASP API2:2023 broken authentication', () => {
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = {
    iss: 'https://login.example.com/',
    aud: 'tidemark',
    sub: 'x',
    exp: nowSeconds + 60,
    roles: ['orders_reader'],
  };
  const confused = (secret: string | Buffer, alg = 'HS256'): string => {
    const text = `${encoded({ alg, kid: 'ours' })}.${encoded(claims)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  /** Signed by our key as the header likes. */
  const signed = (header: object, hash: string): string => {
    const text = `${encoded(header)}.${encoded(claims)}`;
    return `${text}.${sign(hash, Buffer.from(text), KeyObject.from(ours.privateKey)).toString('base64url')}`;
  };
  const tokens: Readonly<Record<string, () => Promise<string> | string | undefined>> = {
    none: () => undefined,
    empty: () => '',
    'of guesses': () => 'right'.toUpperCase(),
    expired: () => jwt({ claims: { exp: nowSeconds - 31 } }),
    'without expiry': () => jwt({ claims: { exp: undefined } }),
    'without subject': () => jwt({ claims: { sub: undefined } }),
    'of a later day': () => jwt({ claims: { nbf: nowSeconds + 3600 } }),
    'wrong audience': () => jwt({ claims: { aud: 'another-api' } }),
    'no audience': () => jwt({ claims: { aud: undefined } }),
    'wrong issuer': () => jwt({ claims: { iss: 'https://login.example.com.evil.org/' } }),
    'alg: none': () => `${encoded({ alg: 'none' })}.${encoded(claims)}.`,
    'alg: nOnE': () => `${encoded({ alg: 'nOnE' })}.${encoded(claims)}.`,
    'alg none, with the signature of another': async () =>
      `${encoded({ alg: 'none' })}.${encoded(claims)}.${(await jwt()).split('.')[2]}`,
    'key confusion: the public key (PEM) as HS256 secret': () => confused(ours.pem),
    'key confusion: the public key (trimmed PEM) as HS256 secret': () => confused(ours.pem.trim()),
    'key confusion: the JWK as HS256 secret': () => confused(JSON.stringify(ours.jwk)),
    'key confusion: the modulus as HS256 secret': () => confused(Buffer.from(String(ours.jwk.n), 'base64url')),
    'HS256 with the name of RS256': () => confused(ours.pem, 'RS256'),
    'signed by another key under our key id': () => jwt({ key: { ...theirs, kid: 'ours' } }),
    'signed by the key that its header brings': () => jwt({ key: theirs, header: { jwk: theirs.jwk } }),
    'with keys of its own address': () => jwt({ key: theirs, header: { jku: 'http://127.0.0.1:9/keys' } }),
    'of an algorithm that is not allowed': () => signed({ alg: 'RS512', kid: 'ours' }, 'RSA-SHA512'),
    'with claims changed after signing': async () => {
      const [head, , signature] = (await jwt()).split('.');
      return `${head}.${encoded({ ...claims, roles: ['orders_reader', 'owner'] })}.${signature}`;
    },
    'with critical extensions': () => signed({ alg: 'RS256', kid: 'ours', crit: ['exp2'], exp2: 1 }, 'RSA-SHA256'),
    truncated: async () => (await jwt()).slice(0, -4),
    'two tokens': async () => `${await jwt()},${await jwt()}`,
    'longer than a header may be': async () => jwt({ claims: { pad: randomBytes(8000).toString('base64url') } }),
  };

  it('a token that is signed here by hand as it should be opens the door, so it is the faults that close it', async () => {
    const { call } = await world();
    const body = { features: ['orders:spend'], entities: [{ customer_id: 7 }] };
    const token = signed({ alg: 'RS256', kid: 'ours' }, 'RSA-SHA256');
    expect((await call('POST', '/v1/online-features', { token, body })).status).toBe(200);
  });

  it.each(Object.keys(tokens))('token %s: 401 and no data on every route', async (name) => {
    const { tryAll } = await world();
    expect(await tryAll(await tokens[name]?.())).toEqual([401]);
  });

  it('revoked: 401 and no data on every route', async () => {
    const { tryAll, tokenOf, records, state } = await world();
    const { token, id } = await tokenOf(['owner']);
    await revokeApiToken(records, id, state.nowMillis);
    expect(await tryAll(token)).toEqual([401]);
  });

  it('identity in headers that only a proxy may write is not believed', async () => {
    const { tryAll } = await world();
    const headers = {
      'x-forwarded-user': 'admin',
      'x-amzn-oidc-identity': 'admin',
      'x-user-arn': 'arn:aws:iam::123456789012:role/scoring',
    };
    expect(await tryAll(undefined, headers)).toEqual([401]);
  });
});

describe('OWASP API3:2023 broken object property level authorization', () => {
  it('members that nobody declared change nothing: they are refused', async () => {
    const { call, tokenOf } = await world();
    const { token } = await tokenOf(['orders_reader']);
    for (const extra of [{ principal: 'admin' }, { roles: ['owner'] }, { __proto__: null, unreadable: 'mask' }]) {
      const body = { features: ['orders:spend'], entities: [{ customer_id: 7 }], ...extra };
      expect((await call('POST', '/v1/online-features', { token, body })).status).toBe(400);
    }
  });
});

describe('OWASP API5:2023 broken function level authorization', () => {
  it('a reader can neither push, nor train, nor start runs', async () => {
    const { call, tokenOf, started, runs, rows } = await world();
    const { token } = await tokenOf(['orders_reader']);
    expect((await call('POST', '/v1/push/orders', { token, body: { events: [order] } })).status).toBe(403);
    const body = { features: ['orders:spend'], spine };
    expect((await call('POST', '/v1/training-sets', { token, body })).status).toBe(403);
    for (const [path, asked] of [
      ['/push', { push_source_name: 'orders', df: { user_id: [7] } }],
      ['/write-to-online-store', { feature_view_name: 'everything', df: { customer_id: [7] } }],
      ['/materialize-incremental', { end_ts: '2026-01-02T00:00:00Z' }],
    ] as const)
      expect((await call('POST', path, { token, body: asked })).status).toBe(403);
    expect([started, runs, rows.asked]).toEqual([[], [], []]);
  });

  it('a source that there is not is answered like one that the caller may not push to', async () => {
    const { call, tokenOf } = await world();
    const { token } = await tokenOf(['orders_reader']);
    const [there, not] = await Promise.all(
      ['orders', 'no_such_source'].map((name) =>
        call('POST', `/v1/push/${name}`, { token, body: { events: [order] } }),
      ),
    );
    expect([there?.status, not?.status]).toEqual([403, 403]);
    expect(there?.json.detail).toBe(not?.json.detail.replace('no_such_source', 'orders'));
  });
});

describe('OWASP API8:2023 security misconfiguration', () => {
  it('no answer to a refused caller tells versions, paths, stacks or names of what there is', async () => {
    const { call } = await world();
    const { text, headers } = await call('POST', '/v1/online-features', {
      token: 'wrong',
      body: '{"features":["orders:spend"]}',
    });
    expect(text).not.toMatch(/\/(var|work|home|node_modules)\/|at .*\.ts|orders|arn:/);
    expect(Object.keys(headers).sort()).toEqual(['cache-control', 'content-type', 'www-authenticate', 'x-request-id']);
  });
});
