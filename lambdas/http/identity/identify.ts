import { hash } from 'node:crypto';
import { apiTokenPrefix } from '#codec/api-token.ts';
import { adminGrants, grantsByRoles, type Principal } from '#engine/access/grants.ts';
import type { Access } from '#spec/access.ts';
import type { Clock } from '#store/clock.ts';
import type { Records } from '#store/records.ts';
import { headerOf, type ProxyEvent } from '../proxy-event.ts';
import { apiTokenCheck } from './api-token-check.ts';
import { iamIdentity } from './iam-identity.ts';
import { unauthorized } from './identity.ts';
import { IdentityCache } from './identity-cache.ts';
import { isJwt, jwtCheck } from './jwt-check.ts';
import type { TokenCheck } from './token-check.ts';

/** Who a request comes from. Throws http.unauthorized, and kind unavailable where that cannot be told now. */
export type Identify = (event: ProxyEvent) => Promise<Principal>;

export interface IdentifyOptions {
  /** @default - nobody but the holder of the deployment's token */
  readonly access?: Access | undefined;
  /** The deployment's own token: the administrator's. */
  readonly checkToken: TokenCheck;
  /** Where API tokens are kept. @default - there are none */
  readonly records?: Pick<Records, 'get'> | undefined;
  readonly clock: Clock;
  /** Stage of the deployment: issuers may be of some stages only. */
  readonly stage: string;
}

const admin: Principal = { id: 'admin', grants: adminGrants };

/**
 * Tells callers by their bearer token (an API token, a JWT, or the deployment's own), else by the AWS identity that API Gateway has
 * verified. What an API token or a JWT stands for is believed for a minute: so a revoked token ends within a minute, and an expired one
 * at once.
 */
export function createIdentify({ access, checkToken, records, clock, stage }: IdentifyOptions): Identify {
  const grantsOf = grantsByRoles(access);
  const checkApiToken = apiTokenCheck(records, clock);
  const checkJwt = access && jwtCheck(access, { stage, clock });
  const cache = new IdentityCache(clock, ({ id, roles }) => ({ id, grants: grantsOf(roles) }));
  return async (event) => {
    const signer = iamIdentity(event, access);
    if (signer) return { id: signer.id, grants: grantsOf(signer.roles) };
    const token = bearerOf(event);
    // By its hash: nothing can be learned of a cached token from how long its look-up takes.
    if (token.startsWith(apiTokenPrefix)) return cache.get(hash('sha256', token), () => checkApiToken(token));
    if (checkJwt && isJwt(token)) return cache.get(hash('sha256', token), () => checkJwt(token));
    if (await checkToken(token)) return admin;
    throw unauthorized('the token is not valid for this deployment');
  };
}

/** API Gateway takes headers of 10,240 bytes together. */
const maximumTokenLength = 8192;

function bearerOf(event: ProxyEvent): string {
  const header = headerOf(event, 'authorization');
  if (header === undefined) throw unauthorized('no token; send the header "Authorization: Bearer <token>"');
  const token = /^bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined) throw unauthorized('the Authorization header has another form; send "Bearer <token>"');
  if (token.length > maximumTokenLength)
    throw unauthorized(`the token is longer than ${maximumTokenLength} characters; ask its issuer for a shorter one`);
  return token;
}
