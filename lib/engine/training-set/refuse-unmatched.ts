import { TidemarkError } from '#spec/errors.ts';
import type { ExplainedView, TrainingSetExplanation } from './explain-training-set.ts';

/** Views of which no label can get a row, each with the reason in a sentence. */
export const unmatchedViews = (explanation: TrainingSetExplanation): readonly string[] =>
  explanation.views.flatMap((view) => reason(view, explanation) ?? []);

function reason({ view, entity, tables }: ExplainedView, explanation: TrainingSetExplanation): string | undefined {
  if (explanation.entitiesWithoutKeys.includes(entity))
    return `${view} matches no label, since none has the keys of entity ${entity}`;
  if (tables.some(({ of, files }) => of !== 'published' && files > 0)) return undefined;
  const { from, to } = explanation.labels;
  if (explanation.asOf !== undefined)
    return `${view} has no rows as of ${explanation.asOf}; check the instant, and that its rows are loaded or materialized`;
  return `${view} has no rows that labels from ${from} to ${to} can see; check the event times, and that its rows are loaded or materialized`;
}

/** Throws trainingSet.noMatch where no view can have a value for any label: a training set of nothing but defaults. */
export function refuseUnmatched(explanation: TrainingSetExplanation): void {
  const unmatched = unmatchedViews(explanation);
  if (explanation.views.length === 0 || unmatched.length < explanation.views.length) return;
  throw new TidemarkError('trainingSet.noMatch', `no label would get a value: ${unmatched.join('; ')}`, {
    details: { views: unmatched },
  });
}
