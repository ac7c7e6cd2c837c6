import { planFeatures } from '#engine/feature-plan.ts';
import { maxInstantMillis, minInstantMillis } from '#semantics/time.ts';
import { tableNames } from '#spec/layout.ts';
import type { Manifest } from '#spec/manifest.ts';
import { statementViews } from '#sql/statement-views.ts';
import { trainingSetSql } from '#sql/training-set-sql.ts';
import { partsPerJoin, viewSelections } from './join-plan.ts';
import { selectionOf, type TrainingSetMode } from './request.ts';

export interface TrainingSetTextOptions {
  readonly database: string;
  readonly service?: string | undefined;
  readonly features?: readonly string[] | undefined;
  /** @default 'asServed' */
  readonly mode?: TrainingSetMode | undefined;
  /** @default 0 */
  readonly lagMillis?: number | undefined;
}

/** Stands for a training set's id in the text. */
export const idPlaceholder = '<training-set id>';

/**
 * The Athena text of a training set's join, to paste: the statements that a build runs (several where many views are read), separated by `;`, over the staged spine of any training set whose id
 * is put in place of idPlaceholder, without bounds on its event times. Throws the errors of planFeatures.
 */
export function trainingSetText(manifest: Manifest, options: TrainingSetTextOptions): string {
  const { database, service, features } = options;
  const plan = planFeatures(manifest, selectionOf({ service, features: features && [...features] }));
  const statements = statementViews(plan.reads).map((reads) =>
    trainingSetSql({
      database,
      manifest,
      views: viewSelections(reads),
      mode: options.mode ?? 'asServed',
      lagMillis: options.lagMillis ?? 0,
      dataset: idPlaceholder,
      parts: { first: 0, last: partsPerJoin - 1 },
      eventTimeRangeMillis: { min: minInstantMillis, max: maxInstantMillis },
    }),
  );
  const onDemand = plan.transforms.map(({ name }) => name);
  return [
    `-- Joins the staged spine of a training set with its features. Put the id of a training set in place of ${idPlaceholder};`,
    `-- its staged spine is kept for 14 days in "${tableNames.spines}" (row_id, event_time_ms, <entity>__<key>; at most ${partsPerJoin} parts a statement).`,
    '-- For labels of your own, replace the first relation, spine, by a SELECT of them with the same columns.',
    ...(onDemand.length > 0
      ? [`-- Computed from these rows after the join, in TypeScript: ${onDemand.join(', ')}.`]
      : []),
    statements.join('\n;\n'),
    '',
  ].join('\n');
}
