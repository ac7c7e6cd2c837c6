import { describe, expect, it } from 'vitest';
import type { Definition } from '#define/definition.ts';
import {
  alias,
  batchView,
  count,
  days,
  entity,
  feature,
  featureService,
  hours,
  int32,
  onDemandView,
  requestSource,
  string,
  tableView,
} from '#define/index.ts';
import { batch, driver, onDemand, problemsOf, request, saidOf, source, table, trips, unchecked } from './fixture.ts';

const policies: readonly (readonly [what: string, options: object, said: string])[] = [
  [
    'an unknown policy',
    { onUnavailable: 'stale' },
    'onUnavailable must be "fail", "default" or { lastKnown: { within } }, got "stale"; write it as { lastKnown: { within: minutes(15) } }',
  ],
  [
    'last known values without a bound',
    { onUnavailable: { lastKnown: {} } },
    'onUnavailable must be "fail", "default" or { lastKnown: { within } }, got {"lastKnown":{}}; write it as { lastKnown: { within: minutes(15) } }',
  ],
  [
    'last known values of more than a day',
    { onUnavailable: { lastKnown: { within: days(2) } } },
    'onUnavailable.lastKnown.within is 2d, at most 1d are allowed; make it shorter',
  ],
  [
    'last known values that the cache serves anyway',
    { onUnavailable: { lastKnown: { within: 5000 } }, cache: { ttl: 5000 } },
    "onUnavailable.lastKnown.within is 5s and cache.ttl 5s; what is no older than the cache's ttl is served anyway, make within longer",
  ],
  [
    'a cache without a time to live',
    { cache: {} },
    'cache.ttl must be a positive whole number of milliseconds, got undefined; write it as seconds(5)',
  ],
  [
    'absent rows that are kept longer than found ones',
    { cache: { ttl: 1000, negativeTtl: 1001 } },
    'cache.negativeTtl must be whole milliseconds from 0 (absent rows are not kept) to cache.ttl (1s), which bounds the age of whatever is served, got 1001',
  ],
];

const cases: readonly (readonly [what: string, definitions: readonly Definition[], said: string])[] = [
  [
    'a service without features',
    [featureService('model', [])],
    'define.noFeatures: feature service "model" has no features; list at least one',
  ],
  ...policies.map(
    ([what, options, said]) =>
      [
        what,
        [featureService('model', [table({})], unchecked(options))],
        `define.servingPolicy: feature service "model": ${said}`,
      ] as const,
  ),
  [
    'a service of a view that is not online',
    [featureService('model', [unchecked(batch({ online: false }))])],
    'define.notOnline: feature service "model" needs view "stats@1", which is not online; set online: true on the view or leave its features out',
  ],
];

describe('compile refuses', () => {
  it.each(cases)('%s', (_, definitions, said) => {
    expect(saidOf(...definitions)).toContain(said);
  });

  it('two features of one result name in a service', () => {
    const stats = batchView('stats', {
      entity: driver,
      source: trips,
      schedule: hours(1),
      features: { n: count({ window: days(1) }), m: count({ window: hours(1) }) },
    });
    expect(saidOf(featureService('model', [stats.features.n, alias('stats__n', stats.features.m)]))).toEqual([
      'define.duplicateName: feature service "model" has the result name "stats__n" twice, for stats@1:n and stats@1:m; give one an alias',
    ]);
  });

  it('a key and a request field of one name and two types in a service', () => {
    const stats = batchView('stats', {
      entity: driver,
      source: trips,
      schedule: hours(1),
      features: { n: count({ window: days(1) }) },
    });
    const asText = requestSource('ride', { schema: { driver_id: string() } });
    const computed = onDemandView('computed', {
      inputs: { as_text: asText },
      outputs: { length: int32() },
      owner: 'x',
      transform: (inputs) => ({ length: inputs.as_text.driver_id?.length ?? null }),
    });
    expect(saidOf(featureService('model', [stats, computed]))).toEqual([
      'define.duplicateName: feature service "model" reads "driver_id" as int64 (entity "driver") and as string (request source "ride"); rename one, or give both one type',
    ]);
  });

  it('tables that would share a name', () => {
    const view = tableView('rows_stats', { entity: driver, source: trips, features: { fare: feature() } });
    expect(saidOf(batch({}), view)).toEqual([
      expect.stringMatching(
        /^define\.duplicateName: (table "rows_stats"|batch "stats") needs the table rows_stats_v1, which/,
      ),
    ]);
  });

  it('a view that is defined twice, naming the other place', () => {
    expect(saidOf(batch({}), batch({ schedule: hours(2) }))).toEqual([
      expect.stringMatching(
        /^define\.duplicateName: view "stats@1" is defined twice, also at .*fixture\.ts:\d+; rename one or give it another version$/,
      ),
    ]);
  });
});

describe('compile', () => {
  it('says nothing where nothing is wrong', () => {
    expect(problemsOf(driver, trips, batch({}), table({}), onDemand({}), request)).toEqual([]);
  });

  it('says everything at once, each with the file and line of its definition', () => {
    const problems = problemsOf(
      batch({ ttl: -1, version: 0 }),
      entity('place', { keys: {} }),
      source({ eventTime: 'note', deleted: 'note' }),
    );
    expect(problems.map(({ code }) => code).sort()).toEqual([
      'define.noKeys',
      'define.wrongDuration',
      'define.wrongType',
      'define.wrongType',
      'define.wrongVersion',
    ]);
    for (const { at } of problems) expect(at).toMatch(/(fixture|service-problems\.test)\.ts:\d+$/);
  });
});
