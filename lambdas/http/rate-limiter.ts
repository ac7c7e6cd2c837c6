import type { Principal } from '#engine/access/grants.ts';
import { type Bucket, take } from '#engine/access/token-bucket.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Clock } from '#store/clock.ts';

/**
 * Takes units of work out of what the caller's roles allow; throws access.throttled (429, with the seconds after which it is there) or
 * access.overBurst for more than is ever there at once.
 */
export type Charge = (principal: Principal, units: number) => void;

/** Callers that are kept; of more the longest unused begin anew with a full burst. */
const capacity = 10_000;

/** Limits of callers in this function instance: n instances together allow n times as much. */
export function rateLimiter(clock: Clock): Charge {
  const buckets = new Map<string, Bucket>(); // in order of use
  return ({ id, grants: { limits } }, units) => {
    if (!limits) return;
    const taking = take(buckets.get(id), limits, { units, nowMillis: clock() });
    if (taking.kind === 'never') throw overBurst(units, limits.burst);
    if (taking.kind === 'later') throw throttled(units, Math.ceil(taking.waitMillis / 1000));
    buckets.delete(id);
    buckets.set(id, taking.bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > capacity && oldest !== undefined) buckets.delete(oldest);
  };
}

const throttled = (units: number, retryAfterSeconds: number): TidemarkError =>
  new TidemarkError(
    'access.throttled',
    `this caller's limit is used up; ${units} more are allowed in ${retryAfterSeconds} s`,
    { kind: 'throttled', details: { retryAfterSeconds } },
  );

const overBurst = (units: number, burst: number): TidemarkError =>
  new TidemarkError(
    'access.overBurst',
    `the request costs ${units}, and this caller may have ${burst} at once; ask for fewer entities, features or events`,
  );
