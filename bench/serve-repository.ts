import type { AggregatedFeature, Manifest } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';

/** The repository of the serving benches: two batch views of 25 features each over one entity, services of 10 and of 50 features. */
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

const service = (name: string, perView: number): Manifest['services'][number] => ({
  name,
  version: 1,
  definitionHash: hash('2'),
  ...described,
  features: ['driver_day', 'driver_week'].flatMap((viewName) =>
    features
      .slice(0, perView)
      .map((feature) => ({ view: viewName, version: 1, feature: feature.name, name: `${viewName}__${feature.name}` })),
  ),
});

export const repository: Repository = {
  manifest: {
    manifestVersion: 1,
    project: 'bench',
    entities: [{ name: 'driver', keys: [{ name: 'driver_id', type: 'int64' }], ...described }],
    sources: [],
    views: [view('driver_day', '11111111'), view('driver_week', '22222222')],
    services: [service('fifty', 25), service('ten', 5)],
    hash: hash('0'),
  },
  transforms: {},
};
