import * as z from 'zod/mini';
import { apiTokenHash, newApiToken } from '#codec/api-token.ts';
import { TidemarkError } from '#spec/errors.ts';
import { apiTokensGroup as group } from '#spec/layout.ts';
import type { Records } from '#store/records.ts';

const instant = z.int();

/** What is kept of an API token: its hash, never itself. */
const apiTokenSchema = z.strictObject({
  id: z.string(),
  /** What it is for, in the words of who made it. */
  name: z.string(),
  roles: z.array(z.string()),
  /** sha256 of the token, 64 hex digits. */
  hash: z.string(),
  createdAtMillis: instant,
  /** From then on it is refused. */
  expiresAtMillis: instant,
  revokedAtMillis: z.optional(instant),
});
export type ApiToken = z.infer<typeof apiTokenSchema>;

export const maximumTokenDays = 366;
const dayMillis = 86_400_000;
const maximumTokens = 10_000;

export interface NewApiToken {
  readonly name: string;
  readonly roles: readonly string[];
  /** More than 0, at most maximumTokenDays. */
  readonly lifetimeMillis: number;
  readonly nowMillis: number;
  /** apiTokenRandomBytes of a cryptographic generator. */
  readonly random: Uint8Array;
}

/** Makes a token and stores its hash; the token itself is only in this answer. Throws access.badToken for a lifetime out of bounds. */
export async function createApiToken(
  records: Pick<Records, 'put'>,
  { name, roles, lifetimeMillis, nowMillis, random }: NewApiToken,
): Promise<{ readonly token: string; readonly stored: ApiToken }> {
  if (!(lifetimeMillis > 0 && lifetimeMillis <= maximumTokenDays * dayMillis))
    throw new TidemarkError(
      'access.badToken',
      `a token lives longer than 0 and at most ${maximumTokenDays} days, got ${lifetimeMillis / dayMillis} days`,
    );
  const { id, token } = newApiToken(random);
  const stored: ApiToken = {
    id,
    name,
    roles: [...roles],
    hash: apiTokenHash(token),
    createdAtMillis: nowMillis,
    expiresAtMillis: nowMillis + lifetimeMillis,
  };
  await records.put({ group, sort: id, body: stored });
  return { token, stored };
}

export async function findApiToken(records: Pick<Records, 'get'>, id: string): Promise<ApiToken | undefined> {
  const found = await records.get(group, id);
  return found && z.parse(apiTokenSchema, found.body);
}

/** All tokens, also those that have expired or are revoked; newest first. */
export async function listApiTokens(records: Pick<Records, 'list'>): Promise<ApiToken[]> {
  const found = await records.list(group, maximumTokens);
  return found.map(({ body }) => z.parse(apiTokenSchema, body)).sort((a, b) => b.createdAtMillis - a.createdAtMillis);
}

/** Revokes a token for good; once more changes nothing. Throws access.unknownToken. */
export async function revokeApiToken(
  records: Pick<Records, 'get' | 'put'>,
  id: string,
  nowMillis: number,
): Promise<ApiToken> {
  const found = await findApiToken(records, id);
  if (!found)
    throw new TidemarkError(
      'access.unknownToken',
      `there is no API token ${JSON.stringify(id)}; "tidemark token list" lists them`,
      { kind: 'notFound' },
    );
  if (found.revokedAtMillis !== undefined) return found;
  const revoked: ApiToken = { ...found, revokedAtMillis: nowMillis };
  await records.put({ group, sort: id, body: revoked });
  return revoked;
}

export type ApiTokenState = 'active' | 'expired' | 'revoked';

export const apiTokenState = ({ expiresAtMillis, revokedAtMillis }: ApiToken, nowMillis: number): ApiTokenState => {
  if (revokedAtMillis !== undefined) return 'revoked';
  return expiresAtMillis <= nowMillis ? 'expired' : 'active';
};
