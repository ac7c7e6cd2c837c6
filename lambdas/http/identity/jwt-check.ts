import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import type { Access, Issuer } from '#spec/access.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Clock } from '#store/clock.ts';
import { type Identity, unauthorized } from './identity.ts';

/** Three parts of base64url, of which the last may be empty: an unsigned token is a JWT too, and refused as one. */
export const isJwt = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);

export interface JwtCheckOptions {
  readonly stage: string;
  readonly clock: Clock;
}

const keysTimeoutMillis = 3000;
/** Keys are read again for an unknown key id, but not oftener, whatever tokens come. */
const keysCooldownMillis = 30_000;
const keysAgeMillis = 600_000;

const keySetOf = ({ keys, keysUrl }: Issuer): JWTVerifyGetKey =>
  keysUrl === undefined
    ? createLocalJWKSet({ keys: (keys ?? []) as JWK[] }) // they differ in what `undefined` members are called only
    : createRemoteJWKSet(new URL(keysUrl), {
        timeoutDuration: keysTimeoutMillis,
        cooldownDuration: keysCooldownMillis,
        cacheMaxAge: keysAgeMillis,
      });

/**
 * Whom a JWT of one of the stage's issuers stands for. Keys and algorithms are those of the access, whatever the token's header says;
 * `exp` and `sub` are required. Rejects with http.unauthorized, and access.unavailable where the issuer's keys cannot be read.
 */
export function jwtCheck(access: Access, { stage, clock }: JwtCheckOptions): (token: string) => Promise<Identity> {
  const issuers = new Map(
    access.issuers
      .filter(({ stages }) => stages?.includes(stage) ?? true)
      .map((issuer) => [
        issuer.issuer,
        { ...issuer, keySet: keySetOf(issuer), rolesGiven: rolesGiven(access, issuer) },
      ]),
  );
  return async (token) => {
    const issuer = issuers.get(claimedIssuer(token));
    if (!issuer) throw unauthorized('the token is of no issuer that this deployment takes tokens of');
    try {
      const { payload } = await jwtVerify(token, issuer.keySet, {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: issuer.algorithms,
        clockTolerance: issuer.clockSkewSeconds,
        currentDate: new Date(clock()),
        requiredClaims: ['exp', 'sub'],
      });
      return {
        id: `jwt:${String(payload.sub).slice(0, 128)}@${issuer.issuer}`,
        roles: namedRoles(payload, issuer.rolesClaim).filter((role) => issuer.rolesGiven.includes(role)),
        untilMillis: (Number(payload.exp) + issuer.clockSkewSeconds) * 1000,
      };
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

const rolesGiven = ({ roles }: Access, issuer: Issuer): readonly string[] =>
  issuer.roles ?? Object.keys(roles).filter((name) => roles[name]?.admin !== true);

/** What the token says of itself, for finding the keys that prove it. */
function claimedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch {
    throw unauthorized('the token is no JWT that can be read');
  }
}

function namedRoles(payload: JWTPayload, claim: string): readonly string[] {
  const named = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  if (typeof named === 'string') return named.split(' ');
  return Array.isArray(named) ? named.filter((role) => typeof role === 'string') : [];
}

/** Faults of the token are told by kind, so that its holder can mend them; nothing of its content. */
function refusalOf(error: unknown): TidemarkError {
  if (error instanceof errors.JWTExpired) return unauthorized('the token has expired; get a new one of its issuer');
  if (error instanceof errors.JWTClaimValidationFailed)
    return unauthorized(`the token's claim ${error.claim} is missing or is not what this deployment takes`);
  const isOfKeys = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  if (error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC' && !isOfKeys)
    return unauthorized('the token is not valid for this deployment');
  return new TidemarkError('access.unavailable', 'the keys of the issuer cannot be read', {
    kind: 'unavailable',
    cause: error,
  });
}
