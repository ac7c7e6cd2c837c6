import type { Manifest, OnDemandInput, OnDemandView } from '#spec/manifest.ts';
import type { Repository, Transform } from '#spec/transform.ts';
import type { FeatureType } from '#spec/value-type.ts';
import { manifestOf, tableViewOf } from '#test/support/manifests.ts';
import { countView, foreverView, readingView, shopView, manifest as tables } from './point-in-time-world.ts';
import { entity as log, type StreamViewCase, manifest as streams, streamViewCases } from './stream-world.ts';

/** Views of every kind over the worlds of tables and of streams, for one training set that joins them all. */
const described = { description: '', tags: {} };
const hash = '0'.repeat(64);

/** Of each stream view a few aggregates of every kind: all of them are more than a request may name. */
const chosen: Readonly<Record<string, readonly string[]>> = {
  seamed_tiled: [
    ...['count_0', 'sum_big_1', 'sum_wide_2', 'mean_narrow_0', 'variance_small_1', 'min_word_2', 'max_flag_0'],
    ...['first_wide_1', 'last_word_0', 'distinct_word_2', 'about_big_1', 'last3_wide_0', 'q5_wide_1'],
    ...['mean_or_7', 'max_or_minus_1', 'share', 'odd'],
  ],
  deduplicated_tiled: [
    ...['count_1', 'sum_small_0', 'stddev_narrow_1', 'min_at_0', 'last_at_1', 'distinct_big_0', 'last3_word_1', 'odd'],
  ],
  seamed_exact: ['count_0', 'sum_wide_1', 'last_small_0', 'distinct_flag_1'],
};

/** The stream views of the world with the chosen features only. */
export const streamChoices: readonly StreamViewCase[] = streamViewCases.map((one) => {
  const positions = one.view.features.flatMap(({ name }, at) => (chosen[one.view.name]?.includes(name) ? [at] : []));
  const pick = <T>(items: readonly T[]): T[] => positions.flatMap((at) => items[at] ?? []);
  return { ...one, view: { ...one.view, features: pick(one.view.features) }, features: pick(one.features) };
});

/** The newest event of an entity: a table view over a stream. */
export const newestView = tableViewOf(
  'newest',
  [
    { name: 'big', type: 'int64', default: '12' },
    { name: 'wide', type: 'float64' },
    { name: 'word', type: 'string' },
  ],
  { entity: log.name, source: 'deduplicated', delayMillis: 20 * 60_000, ttlMillis: 3 * 3_600_000 },
);

const ofView = (view: string, features: readonly string[]): OnDemandInput => ({
  kind: 'view',
  name: view,
  view,
  version: 1,
  features: [...features],
});

const onDemandOf = (
  name: string,
  inputs: readonly OnDemandInput[],
  outputs: Readonly<Record<string, FeatureType>>,
): OnDemandView => ({
  kind: 'onDemand',
  name,
  version: 1,
  definitionHash: hash,
  transformHash: hash,
  inputs: [...inputs],
  features: Object.entries(outputs).map(([feature, type]) => ({ name: feature, type, ...described })),
  ...described,
});

/** Over a table, a batch and a stream view and the request. */
const offerView = onDemandOf(
  'offer',
  [
    ofView('reading', ['total', 'rate']),
    ofView('counts', ['n']),
    ofView('seamed_tiled', ['count_0', 'mean_or_7']),
    { kind: 'request', name: 'order', source: 'order' },
  ],
  { sum: 'int64', ratio: 'float64', note: 'string', at: 'timestamp' },
);
/** Over views of two entities, without a request. */
const pairView = onDemandOf('pair', [ofView('shop_facts', ['size', 'run']), ofView('newest', ['big', 'word'])], {
  isRunning: 'bool',
  both: 'list<int64>',
});
/** Over another on-demand view. */
const chainedView = onDemandOf('chained', [ofView('offer', ['sum', 'at'])], { text: 'string' });

const transforms: Readonly<Record<string, Transform>> = {
  'offer@1': ({ reading, counts, seamed_tiled: live, order }, { asOf }) => {
    const [total, n, events] = [reading?.total, counts?.n, live?.count_0];
    if (n === 3n) throw new Error('three');
    const [amount, mean, note] = [order?.amount, live?.mean_or_7, order?.note];
    return {
      sum: typeof total === 'bigint' && typeof n === 'bigint' && typeof events === 'bigint' ? total + n + events : null,
      ratio: typeof amount === 'number' && typeof mean === 'number' ? amount / mean : null,
      note: typeof note === 'string' ? `${note}/${String(reading?.rate)}` : null,
      at: asOf,
    };
  },
  'pair@1': ({ shop_facts: shop, newest }) => ({
    isRunning: shop?.run === null ? null : shop?.run === true && newest?.word !== null,
    both: [shop?.size, newest?.big].map((value) =>
      typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : null,
    ),
  }),
  'chained@1': ({ offer }) => ({ text: `${String(offer?.sum)} at ${String(offer?.at)}` }),
};

const onDemandViews = [chainedView, offerView, pairView];
const stored = [countView, foreverView, newestView, readingView, shopView];
const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

const views: Manifest['views'] = [...stored, ...streamChoices.map(({ view }) => view), ...onDemandViews].sort(byName);
const everything = views.flatMap(({ name, version, features }) =>
  features.map((feature) => ({ view: name, version, feature: feature.name, name: `${name}__${feature.name}` })),
);

export const manifest: Manifest = {
  ...manifestOf({
    entities: [...tables.entities, ...streams.entities].sort(byName),
    sources: [
      ...tables.sources,
      ...streams.sources,
      {
        kind: 'request' as const,
        name: 'order',
        schema: [
          { name: 'amount', type: 'float64' as const },
          { name: 'note', type: 'string' as const },
        ],
        ...described,
      },
    ].sort(byName),
    views,
  }),
  services: [{ name: 'everything', version: 1, definitionHash: hash, features: everything, ...described }],
};

export const repository: Repository = { manifest, transforms };
