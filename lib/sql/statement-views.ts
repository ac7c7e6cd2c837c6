import type { EntityView } from '#spec/manifest.ts';

/**
 * Stages of a statement that are planned for. Trino refuses more than 150 (query.max-stage-count), and counts a common table as often as it is used.
 */
const maximumStages = 120;
/** Counted with EXPLAIN on Trino 476: 5 to 9 a view with stored rows; 44 to 70 a view over a stream, most with a history and every kind of aggregate. */
const stagesOf = (view: EntityView): number => (view.kind === 'stream' ? 70 : 8);

/** Cuts views, in their order, into those that are joined in one statement. Those of one entity share a sort where they stand together. */
export function statementViews<Read extends { readonly view: EntityView }>(
  reads: readonly Read[],
): readonly (readonly Read[])[] {
  const groups: Read[][] = [];
  let stages = Number.POSITIVE_INFINITY;
  for (const read of reads) {
    stages += stagesOf(read.view);
    if (stages > maximumStages) {
      groups.push([]);
      stages = stagesOf(read.view);
    }
    groups.at(-1)?.push(read);
  }
  return groups;
}
