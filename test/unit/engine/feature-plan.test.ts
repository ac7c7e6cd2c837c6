import { describe, expect, it } from 'vitest';
import { type FeatureSelection, planFeatures } from '#engine/feature-plan.ts';
import { viewId } from '#spec/find.ts';
import type { FeatureService, Manifest, OnDemandView, RequestSource } from '#spec/manifest.ts';
import type { FeatureType } from '#spec/value-type.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';

const described = { description: '', tags: {} };
const hash = '0'.repeat(64);

const onDemand = (
  name: string,
  inputs: OnDemandView['inputs'],
  outputs: readonly { readonly name: string; readonly type: FeatureType }[],
): OnDemandView => ({
  kind: 'onDemand',
  name,
  version: 1,
  definitionHash: hash,
  transformHash: hash,
  inputs,
  features: outputs.map((output) => ({ ...output, ...described })),
  ...described,
});
const request = (name: string, schema: RequestSource['schema']): RequestSource => ({
  kind: 'request',
  name,
  schema,
  ...described,
});
const service = (name: string, version: number, features: FeatureService['features']): FeatureService => ({
  name,
  version,
  definitionHash: hash,
  features,
  ...described,
});

const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const zone = entityOf('zone', [{ name: 'zone_id', type: 'string' }]);
const stats = tableViewOf(
  'stats',
  [
    { name: 'trips', type: 'int64' },
    { name: 'fare', type: 'float64' },
    { name: 'rating', type: 'float32' },
  ],
  { entity: 'driver', source: 'rides' },
);
const stats2 = { ...stats, version: 2 };
const demand = tableViewOf('demand', [{ name: 'level', type: 'float64' }], { entity: 'zone', source: 'zones' });
const ratio = onDemand(
  'ratio',
  [
    { kind: 'view', name: 'stats', view: 'stats', version: 2, features: ['fare', 'trips'] },
    { kind: 'request', name: 'trip', source: 'trip' },
  ],
  [{ name: 'fare_ratio', type: 'float64' }],
);
const surge = onDemand(
  'surge',
  [
    { kind: 'view', name: 'ratio', view: 'ratio', version: 1, features: ['fare_ratio'] },
    { kind: 'view', name: 'demand', view: 'demand', version: 1, features: ['level'] },
    { kind: 'request', name: 'trip', source: 'trip' },
  ],
  [{ name: 'score', type: 'float64' }],
);
const clash = onDemand(
  'clash',
  [
    { kind: 'request', name: 'trip', source: 'trip' },
    { kind: 'request', name: 'other', source: 'other_trip' },
  ],
  [{ name: 'x', type: 'float64' }],
);

const manifest: Manifest = {
  ...manifestOf({
    entities: [driver, zone],
    sources: [
      sourceOf('rides', [{ name: 'driver_id', type: 'int64' }]),
      sourceOf('zones', [{ name: 'zone_id', type: 'string' }]),
      request('trip', [{ name: 'fare', type: 'float64' }]),
      request('other_trip', [{ name: 'fare', type: 'int64' }]),
    ],
    views: [clash, demand, ratio, stats, stats2, surge],
  }),
  services: [
    service('pricing', 1, [
      { view: 'surge', version: 1, feature: 'score', name: 'surge' },
      { view: 'stats', version: 1, feature: 'rating', name: 'stats__rating' },
    ]),
    service('pricing', 2, [{ view: 'stats', version: 2, feature: 'trips', name: 'stats__trips' }]),
  ],
};

const summary = (selection: FeatureSelection) => {
  const plan = planFeatures(manifest, selection);
  return {
    service: plan.service && viewId(plan.service),
    results: plan.results.map(({ name, view, feature }) => `${name} = ${viewId(view)}:${feature.name}`),
    reads: plan.reads.map(({ view, features }) => `${viewId(view)}: ${features.map(({ name }) => name).join(' ')}`),
    transforms: plan.transforms.map(viewId),
    request: plan.requestFields.map(({ name, type }) => `${name} ${type}`),
    entities: plan.entities.map(({ name }) => name),
  };
};

describe('planFeatures', () => {
  it('takes the inputs of on-demand views recursively, each view once, inputs before their readers', () => {
    expect(summary({ service: 'pricing@1' })).toEqual({
      service: 'pricing@1',
      results: ['surge = surge@1:score', 'stats__rating = stats@1:rating'],
      reads: ['stats@2: trips fare', 'demand@1: level', 'stats@1: rating'],
      transforms: ['ratio@1', 'surge@1'],
      request: ['fare float64'],
      entities: ['driver', 'zone'],
    });
  });

  it('takes the newest version of a service and of a view that is named without one', () => {
    expect(summary({ service: 'pricing' }).results).toEqual(['stats__trips = stats@2:trips']);
    expect(summary({ features: ['stats:fare', 'stats@1:trips'] }).results).toEqual([
      'stats__fare = stats@2:fare',
      'stats__trips = stats@1:trips',
    ]);
  });

  it('keeps the order of a list of features and reads each view once', () => {
    expect(summary({ features: ['stats:rating', 'demand:level', 'stats:trips'] })).toMatchObject({
      service: undefined,
      results: ['stats__rating = stats@2:rating', 'demand__level = demand@1:level', 'stats__trips = stats@2:trips'],
      reads: ['stats@2: trips rating', 'demand@1: level'],
      transforms: [],
      request: [],
    });
  });

  it.each<[string, FeatureSelection, string]>([
    [
      'an unknown service',
      { service: 'pricin' },
      'unknown feature service "pricin", known: pricing; did you mean "pricing"?',
    ],
    [
      'an unknown version of a service',
      { service: 'pricing@3' },
      'unknown feature service "pricing@3", known: pricing@1, pricing@2; did you mean "pricing@1"?',
    ],
    [
      'an unknown view',
      { features: ['stat:fare'] },
      'unknown feature view "stat", known: clash, demand, ratio, stats, surge; did you mean "stats"?',
    ],
    [
      'an unknown feature',
      { features: ['stats:fares'] },
      'unknown feature of view stats@2 "fares", known: trips, fare, rating; did you mean "fare"?',
    ],
    [
      'a name that is near to none',
      { features: ['stats:completely_else'] },
      'unknown feature of view stats@2 "completely_else", known: trips, fare, rating',
    ],
    [
      'a ref without a feature',
      { features: ['stats'] },
      'bad feature reference "stats"; write view:feature or view@version:feature, as in driver_stats:trip_count_30d',
    ],
    [
      'a feature twice',
      { features: ['stats:fare', 'stats@1:fare'] },
      'stats@2:fare and stats@1:fare both have the result name stats__fare; ask for one of them, or give one an alias in a service',
    ],
    ['no feature', { features: [] }, 'no features asked for; name a service or at least one view:feature'],
    [
      'over 200 features',
      { features: Array.from({ length: 201 }, () => 'stats:fare') },
      '201 features asked for, at most 200 are allowed; split them over several calls',
    ],
    [
      'request fields of two types',
      { features: ['clash:x'] },
      'request field fare is float64 in source trip and int64 in source other_trip; one request can carry only one of them',
    ],
  ])('refuses %s', (_, selection, message) => {
    expect(() => planFeatures(manifest, selection)).toThrow(expect.objectContaining({ message }));
  });
});
