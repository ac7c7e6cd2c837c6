import { beforeAll, describe, expect, it } from 'vitest';
import type { Value } from '#spec/value-type.ts';
import { bracketMillis } from '#sql/candidate-rows.ts';
import { rowStates, stateColumn, trainingSetSql, type ViewSelection, valueColumn } from '#sql/training-set-sql.ts';
import type { OfflineStore } from '#test/support/offline-store.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import type { OracleRules } from '../oracle/point-in-time.ts';
import { answersOf, type ViewAnswer } from './point-in-time-answers.ts';
import { dataset, partRows, storeOf } from './point-in-time-store.ts';
import {
  countView,
  foreverView,
  manifest,
  randomWorld,
  readingView,
  shopView,
  start,
  type World,
} from './point-in-time-world.ts';

const { seed, cases, again } = randomSettings(1000);

const selections: readonly ViewSelection[] = [
  { view: readingView, features: ['total', 'rate', 'word', 'marks'] },
  { view: foreverView, features: ['word'] },
  { view: countView, features: ['n'] },
  { view: shopView, features: ['run', 'size'] },
];

/** Where the join cuts the rows of an entity. */
const cut = Math.ceil(start / bracketMillis) * bracketMillis;

/** Values as readers see them: NaN equals itself, -0 is 0 (design: -0 is read as 0). */
const same = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b)
    ? a.length === b.length && a.every((item, at) => same(item, b[at]))
    : a === b || Object.is(a, b);

describe(`point-in-time join on ${cases} random cases (${again})`, () => {
  let store: OfflineStore;
  let world: World;
  let parts: number;

  beforeAll(async () => {
    world = randomWorld(seed, cases);
    ({ store, parts } = await storeOf(world));
  });

  const variants: readonly { readonly mode: OracleRules['mode']; readonly lag: number }[] = [
    { mode: 'asServed', lag: 0 },
    { mode: 'eventTime', lag: 0 },
    { mode: 'knowledgeTime', lag: 0 },
    { mode: 'asServed', lag: 45 * 60_000 },
  ];
  for (const { mode, lag } of variants) {
    it(`${mode}, lag ${lag} ms: rows, order and values equal the oracle`, async () => {
      const times = world.labels.map(({ eventTime }) => eventTime);
      const select = trainingSetSql({
        database: store.database,
        manifest,
        views: selections,
        mode,
        lagMillis: lag,
        dataset,
        parts: { first: 0, last: parts - 1 },
        eventTimeRangeMillis: { min: Math.min(...times), max: Math.max(...times) },
        exactStates: true,
      });
      const columns = await store.select(select);
      const rowIds = columns.get('row_id') ?? [];
      expect(rowIds.length).toBe(world.labels.length);
      const at = new Map(rowIds.map((rowId, position) => [Number(rowId), position]));
      expect(at.size).toBe(world.labels.length);
      const coverage = new Coverage();
      const differences = world.labels.flatMap((label, row) => {
        const position = at.get(row) ?? -1;
        const answers = answersOf(world, label, { mode, lag });
        coverage.case({
          ...Object.fromEntries(
            answers.flatMap(({ view, answer: { state } }) =>
              ['present', 'missing'].map((kind) => [`${view.name} ${kind}`, state === kind]),
            ),
          ),
          expired: answers.some(({ answer }) => answer.state === 'expired'),
          deleted: answers.some(({ answer }) => answer.state === 'deleted'),
          'null key': label.caseId === null,
          'before a cut between brackets': label.eventTime - lag < cut,
          'after a cut between brackets': label.eventTime - lag >= cut,
        });
        return answers.flatMap(({ view, features, answer }) =>
          compare(columns, position, { view, features, answer }).map((text) => `row ${row}: ${text}`),
        );
      });
      expect(differences.slice(0, 20)).toEqual([]);
      expect(coverage.thin).toEqual([]);
    });
  }

  it('a statement for some parts holds exactly their rows', async () => {
    const times = world.labels.map(({ eventTime }) => eventTime);
    const select = trainingSetSql({
      database: store.database,
      manifest,
      views: selections.slice(3),
      mode: 'asServed',
      lagMillis: 0,
      dataset,
      parts: { first: 1, last: 1 },
      eventTimeRangeMillis: { min: Math.min(...times), max: Math.max(...times) },
    });
    const rowIds = ((await store.select(select)).get('row_id') ?? []).map(Number).sort((a, b) => a - b);
    expect(rowIds).toEqual(
      Array.from({ length: Math.min(partRows, world.labels.length - partRows) }, (_, at) => partRows + at),
    );
  });
});

function compare(
  columns: ReadonlyMap<string, readonly Value[]>,
  position: number,
  { view, features, answer }: ViewAnswer,
): string[] {
  const state = columns.get(stateColumn(view))?.[position];
  const differences = state === rowStates[answer.state] ? [] : [`${view.name} state ${state}, want ${answer.state}`];
  features.forEach((feature, at) => {
    const got = columns.get(valueColumn(view, feature))?.[position];
    if (!same(got, answer.values[at])) differences.push(`${view.name}.${feature} = ${got}, want ${answer.values[at]}`);
  });
  return differences;
}
