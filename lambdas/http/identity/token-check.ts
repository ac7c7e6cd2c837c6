import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#store/clock.ts';
import type { Secrets } from '#store/secrets.ts';

export interface TokenCheckOptions {
  readonly secrets: Secrets;
  /** ARN or name of the secret whose text is the token. */
  readonly secretId: string;
  readonly clock: Clock;
}

/** True when the token is the deployment's. Rejects when the secret has never been read and cannot be. */
export type TokenCheck = (token: string) => Promise<boolean>;

const maxAgeMillis = 5 * 60_000;
/** A wrong token may mean a rotated secret, so it reads again, but no caller can make it read oftener than this. */
const refreshGapMillis = 10_000;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Compares tokens with the secret in constant time (over their sha256, so that lengths do not show either). The secret is kept for
 * five minutes; when it cannot be read again the last one stays in force.
 */
export function createTokenCheck(options: TokenCheckOptions): TokenCheck {
  let expected: Buffer | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const refresh = async (): Promise<void> => {
    readAt = options.clock();
    try {
      expected = digest(await options.secrets.get(options.secretId));
    } catch (error) {
      if (!expected) {
        readAt = Number.NEGATIVE_INFINITY;
        throw error;
      }
    }
  };
  const readOnce = (): Promise<void> => {
    reading ??= refresh().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  return async (token) => {
    if (!expected || options.clock() - readAt >= maxAgeMillis) await readOnce();
    const given = digest(token);
    if (expected && timingSafeEqual(given, expected)) return true;
    if (options.clock() - readAt < refreshGapMillis) return false;
    await readOnce();
    return expected !== undefined && timingSafeEqual(given, expected);
  };
}
