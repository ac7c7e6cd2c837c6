import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Names under which AWS services and the SDK report load or a passing fault. */
const passingNames = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'ConcurrentRunsExceededException',
  'InternalServerError',
  'InternalServerException',
  'InternalServiceException',
  'InternalFailure',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
  'TransactionInProgressException',
  'TransactionConflictException',
  'RequestTimeout',
  'TimeoutError',
  'AbortError',
]);
const passingCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** True for throttling, 5xx, timeouts and broken connections: what may succeed when tried again. */
export function isPassing(error: unknown): boolean {
  const status = member(member(error, '$metadata'), 'httpStatusCode');
  if (typeof status === 'number' && status >= 500) return true;
  return passingNames.has(String(member(error, 'name'))) || passingCodes.has(String(member(error, 'code')));
}

/** Class of an AWS error (`ConditionalCheckFailedException`), or '' for anything else. */
export const errorName = (error: unknown): string => String(member(error, 'name') ?? '');

export interface RetryPlan {
  /** First attempt included. */
  readonly attempts: number;
  readonly baseMillis: number;
  readonly capMillis: number;
}

/** Full jitter: uniformly in [0, min(cap, base * 2^attempt)) milliseconds; attempt counts from 0. */
export const jitterMillis = (plan: RetryPlan, attempt: number): number =>
  randomInt(Math.max(1, Math.min(plan.capMillis, plan.baseMillis * 2 ** attempt)));

/** Calls until it succeeds, the error is not a passing one, or the attempts are used up; then rejects with the last error. */
export async function withRetry<TResult>(plan: RetryPlan, call: () => Promise<TResult>): Promise<TResult> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt + 1 >= plan.attempts || !isPassing(error)) throw error;
      await sleep(jitterMillis(plan, attempt));
    }
  }
}

/** How many times the SDK tried the call that ended in this error. */
export function requestAttempts(error: unknown): number {
  const attempts = member(member(error, '$metadata'), 'attempts');
  return typeof attempts === 'number' ? attempts : 1;
}
