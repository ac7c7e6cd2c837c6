import { usd } from '#engine/materialize/cost-forecast.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { TrainingSetExplanation } from './explain-training-set.ts';

/** Throws trainingSet.tooCostly when the plan's estimate is above `maximum` (US dollars). */
export function refuseCost(explanation: TrainingSetExplanation, maximum: number): void {
  const { costEstimate, bytesToScan, statements } = explanation;
  if (costEstimate <= maximum) return;
  throw new TidemarkError(
    'trainingSet.tooCostly',
    `the training set would cost about ${usd(costEstimate)} of Athena (${(bytesToScan / 1e9).toFixed(2)} GB in ${statements} ${statements === 1 ? 'statement' : 'statements'}), more than the ${usd(maximum)} allowed; narrow the spine's time range or the features ("tidemark training-set explain" says which view costs what), or raise --max-cost`,
    { details: { costEstimate, maximum, bytesToScan, statements } },
  );
}
