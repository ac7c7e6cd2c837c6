import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { TrainingSetRequest } from './request.ts';

/**
 * The one instant (epoch milliseconds) of an export's rows, by the clock of the one who fixes it. Throws trainingSet.futureInstant: what
 * will be visible then is not known yet.
 */
export function fixedInstant(asOf: NonNullable<TrainingSetRequest['asOf']>, nowMillis: number): number {
  if (asOf === 'now') return nowMillis;
  if (asOf <= nowMillis) return asOf;
  throw new TidemarkError(
    'trainingSet.futureInstant',
    `values as of ${formatInstant(asOf)} are not known yet: it is ${formatInstant(nowMillis)}; name an instant that has passed, or now`,
  );
}
