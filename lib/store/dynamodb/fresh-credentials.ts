import type { Clock } from '../clock.ts';
import type { SigningCredentials } from './sign-request.ts';

interface ExpiringCredentials extends SigningCredentials {
  /** Absent: they do not expire. */
  readonly expiration?: Date | undefined;
}

/** A chain of the SDK: keeps what it has resolved, and resolves anew when it is told to. */
export type CredentialChain = (options?: { readonly forceRefresh?: boolean }) => Promise<ExpiringCredentials>;

export interface FreshCredentials {
  /** Credentials that are still good: from memory, but for the first call and after their end. */
  current(): ExpiringCredentials | Promise<ExpiringCredentials>;
  /** After the service has refused them: what the chain has now. */
  renew(): Promise<ExpiringCredentials>;
}

/** From so long before their end credentials are renewed; earlier than the SDK's 5 minutes, at which it would make a request wait. */
const aheadMillis = 10 * 60_000;
/** A chain that still gives the old credentials, or fails, is asked no oftener. */
const gapMillis = 10_000;

/** Keeps credentials ahead of their end: they are renewed beside the requests, which go on with the old ones until then. */
export function freshCredentials(chain: CredentialChain, clock: Clock): FreshCredentials {
  let kept: ExpiringCredentials | undefined;
  let renewing: Promise<ExpiringCredentials> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  const renew = (): Promise<ExpiringCredentials> => {
    askedAt = clock();
    renewing ??= chain({ forceRefresh: kept !== undefined })
      .then((credentials) => {
        kept = credentials;
        return credentials;
      })
      .finally(() => {
        renewing = undefined;
      });
    return renewing;
  };

  return {
    renew,
    current() {
      if (!kept) return renew();
      if (kept.expiration === undefined) return kept;
      const leftMillis = kept.expiration.getTime() - clock();
      if (leftMillis <= 0) return renew();
      // A failure is no request's yet: the next one asks again.
      if (leftMillis <= aheadMillis && clock() - askedAt >= gapMillis) renew().catch(() => undefined);
      return kept;
    },
  };
}
