import type { EntityRead, FeaturePlan } from '#engine/feature-plan.ts';
import type { TrainingSetSqlOptions } from '#sql/training-set-sql.ts';

/** Athena writes at most 100 partitions in a statement. */
export const partsPerJoin = 90;

/**
 * Stages of a statement that are planned for. Trino refuses more than 150 (query.max-stage-count), and counts a common table as often as it is used.
 */
const maximumStages = 120;
/** Counted with EXPLAIN on Trino 476: 5 to 9 a view with stored rows; 44 to 70 a view over a stream, most with a history and every kind of aggregate. */
const stagesOf = ({ view }: EntityRead): number => (view.kind === 'stream' ? 70 : 8);

/** Views that are joined in one statement, in the order of the plan; those of one entity share a sort where they stand together. */
export function joinGroups({ reads }: Pick<FeaturePlan, 'reads'>): readonly (readonly EntityRead[])[] {
  const groups: EntityRead[][] = [];
  let stages = Number.POSITIVE_INFINITY;
  for (const read of reads) {
    stages += stagesOf(read);
    if (stages > maximumStages) {
      groups.push([]);
      stages = stagesOf(read);
    }
    groups.at(-1)?.push(read);
  }
  return groups;
}

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
  const groups = joinGroups(plan);
  return Array.from({ length: Math.ceil(parts.length / partsPerJoin) }, (_, at) =>
    parts.slice(at * partsPerJoin, (at + 1) * partsPerJoin),
  ).flatMap((own) => groups.map((reads) => ({ reads, parts: own })));
}

/** Numbers of the statements that a part needs, each with its views. */
export function joinsOfPart(
  plan: Pick<FeaturePlan, 'reads'>,
  part: number,
): readonly { readonly join: number; readonly reads: readonly EntityRead[] }[] {
  const groups = joinGroups(plan);
  const first = Math.floor(part / partsPerJoin) * groups.length;
  return groups.map((reads, group) => ({ join: first + group, reads }));
}

export const viewSelections = (reads: readonly EntityRead[]): TrainingSetSqlOptions['views'] =>
  reads.map(({ view, features }) => ({ view, features: features.map(({ name }) => name) }));
