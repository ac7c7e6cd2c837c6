import { describe, expect, it } from 'vitest';
import { unusedText, usageText } from '#cli/report/usage.ts';
import type { RunRecord } from '#engine/materialize/run-record.ts';
import { featureUsage, type Usage } from '#engine/usage/feature-usage.ts';
import { onlineCost } from '#engine/usage/online-cost.ts';
import { oldestAnswerDate, readAnswers, type ServiceAnswers } from '#engine/usage/read-answers.ts';
import { findEntityView } from '#spec/find.ts';
import type { StreamView } from '#spec/manifest.ts';
import { hourMillis, nowMillis } from '#test/unit/serve/shop.ts';
import { LoggedShop, repository } from '#test/unit/serving-log/logged-shop.ts';

// F53
const { manifest } = repository;
const all = {};
const range = { fromMillis: nowMillis - hourMillis, toMillis: nowMillis + 1 };
const request = [{ amount: 1, voucher: 1, sizes: [] }];

/** A shop whose checkout was asked for 3 customers, then for one, and by listed features, with its log archived. */
async function askedShop(): Promise<LoggedShop> {
  const shop = new LoggedShop();
  const asked = (ids: readonly number[]) => ({ entities: ids.map((id) => ({ customer_id: id })), request });
  for (const ids of [[1, 2, 3], [4]]) {
    const { status } = await shop.post('/v1/online-features', { service: 'checkout', ...asked(ids) });
    expect(status).toBe(200);
  }
  await shop.post('/v1/online-features', { features: ['everything:a_bool'], entities: [{ customer_id: 1 }] });
  await expect.poll(() => shop.counts).toEqual({ logged: 4, dropped: 0 });
  await shop.archive();
  return shop;
}

const answersOf = (service: string, over: Partial<ServiceAnswers> = {}): ServiceAnswers => ({
  service,
  definitionHash: manifest.services.find(({ name }) => service.startsWith(`${name}@`))?.definitionHash ?? '',
  rows: 5,
  lastMillis: nowMillis,
  ...over,
});
const usageOf = (answers: readonly ServiceAnswers[], rule: Parameters<typeof featureUsage>[2] = all) =>
  Object.fromEntries(
    featureUsage(manifest, answers, rule).views.flatMap(({ view, features, ...reads }): [string, Usage][] => [
      [view, reads],
      ...features.map(({ name, ...of }): [string, Usage] => [`${view}:${name}`, of]),
    ]),
  );

describe('answers of the serving log', () => {
  it('are counted by service and definition, row by row, and only those of the range', async () => {
    const { objects } = await askedShop();
    const definitionHash = 'c'.repeat(64);
    expect(await readAnswers(objects, range)).toEqual([
      { service: 'checkout@1', definitionHash, rows: 4, lastMillis: nowMillis },
    ]);
    expect(await readAnswers(objects, { ...range, toMillis: nowMillis })).toEqual([]);
    expect(await readAnswers(objects, { fromMillis: nowMillis + 1, toMillis: nowMillis + 2 })).toEqual([]);
    expect(await oldestAnswerDate(objects)).toBe('2025-10-09');
  });

  it('of an empty log are none, and it has no oldest day', async () => {
    const { objects } = new LoggedShop();
    expect(await readAnswers(objects, range)).toEqual([]);
    expect(await oldestAnswerDate(objects)).toBeUndefined();
  });
});

describe('usage of online features', () => {
  it('counts what a service reads, inputs of its on-demand views too, and leaves out what is not online', () => {
    const usage = usageOf([answersOf('checkout@1')]);
    const read = { state: 'used', rows: 5, lastReadMillis: nowMillis, readBy: ['checkout@1'], notLogged: [] };
    expect(usage['orders@1']).toEqual(read);
    expect(usage['orders@1:order_count']).toEqual(read);
    expect(usage['orders@1:spend']).toEqual(read); // checkout asks for share, which is computed from spend
    expect(usage['orders@1:ratio']).toEqual({ state: 'unused', rows: 0, readBy: [], notLogged: [] });
    expect(usage['lane_stats@1']).toMatchObject({ state: 'unused', rows: 0 });
    expect(Object.keys(usage)).not.toContain('archive@1');
    expect(Object.keys(usage)).not.toContain('basket_features@1');
  });

  it('adds up the services that read a feature, and tells the last read of any', () => {
    const usage = usageOf([answersOf('checkout@1'), answersOf('lanes@3', { rows: 2, lastMillis: nowMillis + 7 })]);
    expect(usage['orders@1:spend']).toMatchObject({
      rows: 7,
      lastReadMillis: nowMillis + 7,
      readBy: ['checkout@1', 'lanes@3'],
    });
    expect(usage['orders@1:order_count']).toMatchObject({ rows: 5, lastReadMillis: nowMillis });
  });

  it('calls nothing unused that a service needs whose answers the rule leaves out', () => {
    for (const services of [['checkout'], ['checkout@1']]) {
      const usage = usageOf([answersOf('checkout@1')], { services });
      expect(usage['lane_stats@1']).toMatchObject({ state: 'unknown', notLogged: ['lanes@3'] });
      expect(usage['orders@1:ratio']).toMatchObject({ state: 'unused', notLogged: [] });
    }
  });

  it('calls nothing unused where the log has no answer at all', () => {
    expect(new Set(Object.values(usageOf([])).map(({ state }) => state))).toEqual(new Set(['unknown']));
  });

  it('does not know what answers of a definition that is deployed no more have read', () => {
    const older = answersOf('lanes@3', { definitionHash: '0'.repeat(64) });
    const gone = answersOf('gone@1');
    expect(featureUsage(manifest, [older, gone], all).notDeployed).toEqual([older, gone]);
    expect(usageOf([older, gone])['lane_stats@1']).toMatchObject({ state: 'unknown', rows: 0 });
    expect(usageOf([older, answersOf('lanes@3')])['lane_stats@1']).toMatchObject({ state: 'used', rows: 5 });
  });
});

const run = (over: Partial<RunRecord>): RunRecord => ({
  view: 'lane_stats@1',
  kind: 'table',
  run: 1,
  state: 'succeeded',
  step: 'finishing',
  execution: 'arn',
  requested: {},
  startedAtMillis: nowMillis,
  rowsRead: 0,
  rowsWritten: 0,
  rowsOlder: 0,
  ...over,
});
const runs = [
  run({ run: 3, rowsRead: 1000, rowsWritten: 900, rowsOlder: 100 }),
  run({ run: 2, rowsRead: 3000, rowsWritten: 3000, startedAtMillis: nowMillis - 730 * hourMillis }),
  run({ run: 1, rowsRead: 1e6, rowsWritten: 1e6, startedAtMillis: nowMillis - 730 * hourMillis - 1 }),
];
const lanes = findEntityView(manifest, 'lane_stats');

describe('cost of a view that is kept online', () => {
  it('is reckoned from its runs: items of the largest, writes of the last 730 hours', () => {
    const cost = onlineCost(lanes, runs, nowMillis);
    // an item: 120 bytes and 12 for its one feature, and 100 that DynamoDB bills besides
    expect(cost).toMatchObject({ items: 1e6, storedBytes: 232e6, writes: 4000 });
    expect(cost?.storageUsdPerMonth).toBeCloseTo(0.058, 10); // 0.232 GB at 0.25
    expect(cost?.writesUsdPerMonth).toBeCloseTo(0.0025, 10); // 4,000 units at 0.625 a million
  });

  it('is unknown before the first run that has counts, and for a view over a stream', () => {
    const { rowsRead: _, rowsWritten: __, ...failed } = run({ state: 'failed' });
    expect(onlineCost(lanes, [failed], nowMillis)).toBeUndefined();
    const { name, version, definitionHash, entity, source, layout, description, tags } = lanes;
    const over = { name, version, definitionHash, entity, source, layout, description, tags };
    const stream: StreamView = { kind: 'stream', online: true, features: [], ...over };
    expect(onlineCost(stream, runs, nowMillis)).toBeUndefined();
  });
});

describe('the report of usage', () => {
  const log = { stage: 'prod', sample: 0.01, from: '2025-09-09T00:00:00.000Z', to: '2025-10-09T00:00:00.000Z' };
  const full = { ...log, since: '2025-09-01', rows: 5 };
  const report = featureUsage(manifest, [answersOf('checkout@1')], all);

  it('says what share is in the log, since when, and what may be missed', () => {
    const text = usageText(full, report);
    expect(text).toContain(
      'stage prod logs 1 % of the requests that name a service, and the oldest rows are of 2025-09-01',
    );
    expect(text).toContain('fewer than 299 requests'); // 0.99 ** 299 < 0.05
    expect(text).toMatch(/^ {2}spend +5 +2025-10-09T08:53:20.000Z +checkout@1$/m);
    expect(usageText({ ...full, sample: 1 }, report)).not.toContain('not be in the sample');
  });

  it('says so where the log is younger than the range, or has nothing of it', () => {
    expect(usageText(full, report)).not.toContain('younger');
    expect(usageText({ ...full, since: '2025-10-01' }, report)).toContain('read before 2025-10-01 nothing is known');
    const nothing = featureUsage(manifest, [], all);
    for (const text of [
      usageText({ ...log, rows: 0 }, nothing),
      unusedText({ ...log, rows: 0 }, nothing, nothing.views),
    ])
      expect(text).toMatch(/^no row in the serving log .* nothing is known .*\?$/); // one line, and no table
  });

  it('lists unread views with their cost, unread features of others apart, and what is not known as such', () => {
    const part = featureUsage(manifest, [answersOf('checkout@1')], { services: ['checkout'] });
    const cost = onlineCost(lanes, runs, nowMillis);
    const withCost = (from: typeof report) =>
      from.views.map((view) => (view.view === 'lane_stats@1' ? { ...view, cost } : view));
    const text = unusedText(full, report, withCost(report));
    expect(text).toMatch(/^lane_stats@1 +1 +1,000,000 +about 232.0 MB +0.058 USD +4,000 +0.0025 USD$/m);
    expect(text).toMatch(/^not read, in the items of views that are kept for others: orders@1:ratio$/m);
    const unsure = unusedText(full, part, withCost(part));
    expect(unsure).toMatch(/^not known: lane_stats@1 is needed by lanes@3, which servingLog.services leaves out$/m);
    expect(unsure).not.toMatch(/^lane_stats@1 /m);
  });
});
