import type { AggregatedFeature, Manifest } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import * as windows from './serve-windows.ts';

/**
 * The repository of the serving benches: two batch views of 25 features each and a stream view of 50 over one entity, services of 10 and of
 * 50 features.
 */
const described = { description: 'bench', owner: 'bench', tags: {} };
const hash = (letter: string): string => letter.repeat(64);

/** Four of five features are floats, the fifth an int64, as aggregates mostly are. */
const features = Array.from(
  { length: 25 },
  (_, index): AggregatedFeature => ({
    name: `feature_${index}`,
    type: index % 5 === 4 ? 'int64' : 'float64',
    formula: { kind: 'count', windowMillis: 3_600_000 },
    ...described,
  }),
);

const view = (name: string, layout: string): Manifest['views'][number] => ({
  kind: 'batch',
  name,
  version: 1,
  definitionHash: hash('1'),
  ...described,
  entity: 'driver',
  source: 'trips',
  online: true,
  layout,
  ttlMillis: 86_400_000,
  delayMillis: 0,
  scheduleMillis: 3_600_000,
  recomputeTicks: 0,
  features,
});

const views = {
  day: view('driver_day', '11111111'),
  week: view('driver_week', '22222222'),
  live: windows.view,
};

/** `perView`: every so many-th feature of the views; of the stream view that spreads them over its windows. */
const service = (
  name: string,
  of: readonly Manifest['views'][number][],
  perView: number,
): Manifest['services'][number] => ({
  name,
  version: 1,
  definitionHash: hash('2'),
  ...described,
  features: of.flatMap((one) =>
    one.features
      .filter((_, index) => index % (one.features.length / perView) === 0)
      .map((feature) => ({ view: one.name, version: 1, feature: feature.name, name: `${one.name}__${feature.name}` })),
  ),
});

export const repository: Repository = {
  manifest: {
    manifestVersion: 1,
    project: 'bench',
    entities: [{ name: 'driver', keys: [{ name: 'driver_id', type: 'int64' }], ...described }],
    sources: [windows.source],
    views: [views.day, views.live, views.week],
    services: [
      service('fifty', [views.day, views.week], 25),
      service('live_fifty', [views.live], 50),
      service('live_ten', [views.live], 10),
      service('ten', [views.day, views.week], 5),
    ],
    hash: hash('0'),
  },
  transforms: {},
};
