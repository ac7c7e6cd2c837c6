import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import type { AccessInput } from '#spec/access.ts';
import { nowMillis } from '#test/unit/serve/shop.ts';

export const issuer = 'https://login.example.com/';
export const nowSeconds = nowMillis / 1000;

/** A key pair of an issuer, its public half as JWK and as PEM. */
async function keyPair(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const { n, e } = await exportJWK(publicKey);
  const jwk = { kty: 'RSA' as const, kid, n, e }; // without alg: only the issuer's list decides
  return { kid, privateKey, jwk, pem: await exportSPKI(publicKey) };
}
export type SigningKey = Awaited<ReturnType<typeof keyPair>>;

export const ours = await keyPair('ours');
export const theirs = await keyPair('theirs');

interface TokenChanges {
  readonly key?: SigningKey;
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
}

/** A token that is good for an hour, but for the changes; a claim that is undefined is left out. */
export const jwt = ({ key = ours, header, claims }: TokenChanges = {}): Promise<string> =>
  new SignJWT({
    iss: issuer,
    aud: 'tidemark',
    sub: 'scoring-service',
    exp: nowSeconds + 3600,
    iat: nowSeconds,
    roles: ['orders_reader'],
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header })
    .sign(key.privateKey);

export const roles: AccessInput['roles'] = {
  orders_reader: { read: { views: ['orders'] } },
  profiles_reader: { read: { views: ['everything'] } },
  owner: { admin: true },
};
export const issuerOf = (changes: object = {}) => ({ issuer, audience: 'tidemark', keys: [ours.jwk], ...changes });

/** Serves a key set on this machine until `close`; counts how often it is asked. */
export async function keyServer(keys: () => readonly unknown[] | undefined) {
  const state = { asked: 0 };
  const server = createServer((_, response) => {
    state.asked++;
    const set = keys();
    response.statusCode = set ? 200 : 500;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: set ?? [] }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // of a listening TCP server
  return { state, url: `http://127.0.0.1:${port}/keys`, close: () => server.close() };
}
