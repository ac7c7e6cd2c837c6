import { hash, timingSafeEqual } from 'node:crypto';
import { apiTokenId } from '#codec/api-token.ts';
import { type ApiToken, apiTokenState, findApiToken } from '#engine/access/api-tokens.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Clock } from '#store/clock.ts';
import type { Records } from '#store/records.ts';
import { type Identity, unauthorized } from './identity.ts';

/** Whom an API token stands for; rejects with http.unauthorized where it is unknown, expired or revoked. */
export function apiTokenCheck(
  records: Pick<Records, 'get'> | undefined,
  clock: Clock,
): (token: string) => Promise<Identity> {
  return async (token) => {
    const id = apiTokenId(token);
    const stored = id === undefined || !records ? undefined : await lookUp(records, id);
    // Compared as hashes of one length, in constant time.
    if (!stored || !timingSafeEqual(hash('sha256', token, 'buffer'), Buffer.from(stored.hash, 'hex')))
      throw unauthorized('the token is not valid for this deployment');
    const state = apiTokenState(stored, clock());
    if (state !== 'active')
      throw unauthorized(`the token ${stored.id} is ${state}; make another with "tidemark token create"`);
    return { id: `token:${stored.id}`, roles: stored.roles, untilMillis: stored.expiresAtMillis };
  };
}

/** Whoever cannot be told from a stranger now is told to come again: 503, which is not remembered. */
async function lookUp(records: Pick<Records, 'get'>, id: string): Promise<ApiToken | undefined> {
  try {
    return await findApiToken(records, id);
  } catch (cause) {
    throw new TidemarkError('access.unavailable', 'API tokens cannot be looked up', { kind: 'unavailable', cause });
  }
}
