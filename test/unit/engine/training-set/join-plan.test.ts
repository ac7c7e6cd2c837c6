import { describe, expect, it } from 'vitest';
import type { EntityRead } from '#engine/feature-plan.ts';
import { joinsOfPart, plannedJoins } from '#engine/training-set/join-plan.ts';
import { statementViews } from '#sql/statement-views.ts';
import { batchViewOf, entityOf, streamViewOf, tableViewOf } from '#test/support/manifests.ts';

const entity = entityOf('user', [{ name: 'user_id', type: 'int64' }]);
const of = { entity: 'user', source: 's' };
const counted = (hopMillis?: number) => [
  {
    name: 'n',
    type: 'int64' as const,
    formula: { kind: 'count' as const, windowMillis: 3_600_000, ...(hopMillis === undefined ? {} : { hopMillis }) },
  },
];
const table = (name: string): EntityRead => ({
  entity,
  view: tableViewOf(name, [{ name: 'n', type: 'int64' }], of),
  features: [],
});
const batch = (name: string): EntityRead => ({
  entity,
  view: batchViewOf(name, counted(), { ...of, scheduleMillis: 3_600_000 }),
  features: [],
});
const stream = (name: string): EntityRead => ({ entity, view: streamViewOf(name, counted(60_000), of), features: [] });
const names = (groups: readonly (readonly EntityRead[])[]): string[][] =>
  groups.map((reads) => reads.map(({ view }) => view.name));
const tables = (count: number): EntityRead[] => Array.from({ length: count }, (_, at) => table(`t${at}`));

describe('statementViews', () => {
  it('joins the views of a usual service in one statement', () => {
    expect(names(statementViews([table('a'), batch('b'), stream('c'), batch('d')]))).toEqual([['a', 'b', 'c', 'd']]);
  });

  it('never joins two views over streams in one statement: together they may have more stages than Trino allows', () => {
    expect(names(statementViews([stream('a'), stream('b'), table('c')]))).toEqual([['a'], ['b', 'c']]);
  });

  it('joins at most 15 views with stored rows in one statement, each view once and in order', () => {
    const groups = names(statementViews(tables(31)));
    expect(groups.map((group) => group.length)).toEqual([15, 15, 1]);
    expect(groups.flat()).toEqual(tables(31).map(({ view }) => view.name));
  });

  it('has no statement where no view is read', () => {
    expect(statementViews([])).toEqual([]);
    expect(plannedJoins({ reads: [] }, [0, 1])).toEqual([]);
  });
});

describe('plannedJoins', () => {
  const plan = { reads: [stream('a'), stream('b')] };
  const parts = Array.from({ length: 181 }, (_, part) => part);

  it('covers every part with every view once', () => {
    const covered = plannedJoins(plan, parts).flatMap(({ reads, parts: own }) =>
      own.flatMap((part) => reads.map(({ view }) => `${view.name} ${part}`)),
    );
    expect(covered.length).toBe(362);
    expect(new Set(covered).size).toBe(362);
  });

  it('writes at most 90 parts in a statement', () => {
    expect(plannedJoins(plan, parts).map(({ parts: own }) => own.length)).toEqual([90, 90, 90, 90, 1, 1]);
  });

  it('finds the statements of a part by number', () => {
    const joins = plannedJoins(plan, parts);
    for (const part of [0, 89, 90, 180])
      for (const { join, reads } of joinsOfPart(plan, part)) {
        expect(joins[join]?.parts).toContain(part);
        expect(joins[join]?.reads).toEqual(reads);
      }
    expect(joinsOfPart(plan, 90).map(({ join }) => join)).toEqual([2, 3]);
  });
});
