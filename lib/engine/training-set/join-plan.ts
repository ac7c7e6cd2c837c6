import type { EntityRead, FeaturePlan } from '#engine/feature-plan.ts';
import { statementViews } from '#sql/statement-views.ts';
import type { TrainingSetSqlOptions } from '#sql/training-set-sql.ts';

/** Athena writes at most 100 partitions in a statement. */
export const partsPerJoin = 90;

/** One statement of a training set: some views at the labels of some parts. */
export interface PlannedJoin<Part> {
  readonly reads: readonly EntityRead[];
  /** Consecutive, at least one. */
  readonly parts: readonly Part[];
}

/** All statements of a training set, by number: groups of views within groups of parts. None where no view is read. */
export function plannedJoins<Part>(
  plan: Pick<FeaturePlan, 'reads'>,
  parts: readonly Part[],
): readonly PlannedJoin<Part>[] {
  const groups = statementViews(plan.reads);
  return Array.from({ length: Math.ceil(parts.length / partsPerJoin) }, (_, at) =>
    parts.slice(at * partsPerJoin, (at + 1) * partsPerJoin),
  ).flatMap((own) => groups.map((reads) => ({ reads, parts: own })));
}

/** Numbers of the statements that a part needs, each with its views. */
export function joinsOfPart(
  plan: Pick<FeaturePlan, 'reads'>,
  part: number,
): readonly { readonly join: number; readonly reads: readonly EntityRead[] }[] {
  const groups = statementViews(plan.reads);
  const first = Math.floor(part / partsPerJoin) * groups.length;
  return groups.map((reads, group) => ({ join: first + group, reads }));
}

export const viewSelections = (reads: readonly EntityRead[]): TrainingSetSqlOptions['views'] =>
  reads.map(({ view, features }) => ({ view, features: features.map(({ name }) => name) }));
