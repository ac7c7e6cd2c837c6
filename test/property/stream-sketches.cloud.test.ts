import { expect, it } from 'vitest';
import { marksColumn, trainingSetSql, valueColumn } from '#sql/training-set-sql.ts';
import { manifestOf, streamSourceOf, streamViewOf } from '#test/support/manifests.ts';
import { createOfflineStore } from '#test/support/offline-store.ts';
import { Random } from '#test/support/random.ts';
import { randomSettings } from '#test/support/seed.ts';
import { countedEvents, type OracleRecord, streamFeatureAt } from '../oracle/stream-view.ts';
import { dataset, putLabels, putLog } from './stream-store.ts';
import { entity, start, streamSchema } from './stream-world.ts';

/** So many values that registers overflow their linear range, and numbers of every magnitude that has a bucket. */
const events = 6000;
const window = { windowMillis: 2 * 3_600_000, hopMillis: 60_000 };

const source = streamSourceOf('many', streamSchema, { eventTime: 't', allowedSkewMillis: 0, hashed: ['big'] });
const quantiles = [0, 0.01, 0.25, 0.5, 0.77, 1];
const view = streamViewOf(
  'sketched',
  [
    { name: 'bigs', type: 'int64', formula: { kind: 'distinct', column: 'big', exactUpTo: 64, ...window } },
    ...quantiles.map((quantile, at) => ({
      name: `q${at}`,
      type: 'float64' as const,
      formula: { kind: 'approxQuantile' as const, column: 'wide', quantile, relativeError: 0.001, ...window },
    })),
  ],
  { entity: entity.name, source: 'many' },
);
const oracle = [
  {
    formula: {
      kind: 'distinct',
      column: 'big',
      type: 'int64',
      exactUpTo: 64,
      window: window.windowMillis,
      hop: window.hopMillis,
    },
    isInteger: true,
  },
  ...quantiles.map((quantile) => ({
    formula: {
      kind: 'approxQuantile',
      column: 'wide',
      quantile,
      relativeError: 0.001,
      window: window.windowMillis,
      hop: window.hopMillis,
    },
    isInteger: false,
  })),
];

it('sketches of thousands of values, of every magnitude, equal the oracle to the last bit', async () => {
  const { seed } = randomSettings(1);
  const random = new Random(seed);
  const manifest = manifestOf({ entities: [entity], sources: [source], views: [view] });
  const store = await createOfflineStore(manifest);
  const records = Array.from({ length: events }, (_, at): OracleRecord => {
    const t = start + at * 1000;
    const power = 2 ** random.integer(-32, 62);
    // Powers of two themselves, what lies a bit below them, and zeros are where buckets begin.
    const magnitude = random.pick([power, power * (1 - 2 ** -53), power * (1 + random.next()), 0]);
    const row = { case_id: 1n, part: 'x', t, big: BigInt(at) * 7n, wide: random.chance(0.5) ? -magnitude : magnitude };
    return { key: 'one', sentAt: t, arrival: t, shard: 's', sequence: String(at).padStart(56, '0'), row };
  });
  await putLog(store, source, records);
  const labels = [
    ...[0, 10, 63, 64, 65, 200, 700, 1500, 2500, 2700, 3500, 5999].map((at) => start + at * 1000),
    ...Array.from({ length: 20 }, () => start + random.integer(0, 3 * 3_600_000)),
  ].map((t) => ({ caseId: 1, part: 'x', t }));
  await putLabels(store, entity.name, labels);
  const columns = await store.select(
    trainingSetSql({
      database: store.database,
      manifest,
      views: [{ view, features: view.features.map(({ name }) => name) }],
      mode: 'asServed',
      lagMillis: 0,
      dataset,
      parts: { first: 0, last: 0 },
      eventTimeRangeMillis: { min: start, max: start + 4 * 3_600_000 },
      withMarks: true,
    }),
  );
  const counted = countedEvents(records, { allowedSkew: 0 });
  const rowIds = columns.get('row_id') ?? [];
  expect(rowIds.length).toBe(labels.length);
  const estimates = rowIds.map((rowId, position) => {
    const { t = 0 } = labels[Number(rowId)] ?? {};
    const got = view.features.map(({ name }) => columns.get(valueColumn(view, name))?.[position]);
    const expected = oracle.map((feature) => streamFeatureAt(counted, feature, { t }));
    expect({ t, got, marks: columns.get(marksColumn(view))?.[position] }).toStrictEqual({
      t,
      got: expected.map(({ value }) => value),
      marks: null,
    });
    return Number(got[0]);
  });
  // Exact, by empty registers and by ranks.
  for (const [from, to] of [
    [1, 64],
    [65, 2000],
    [2600, 10_000],
  ] as const)
    expect(
      estimates.some((estimate) => estimate >= from && estimate <= to),
      `estimates ${from}..${to}`,
    ).toBe(true);
});
