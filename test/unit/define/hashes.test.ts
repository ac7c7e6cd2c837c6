import { describe, expect, it } from 'vitest';
import { compile } from '#define/compile.ts';
import {
  batchView,
  count,
  days,
  entity,
  featureService,
  float64,
  hours,
  int64,
  mean,
  onDemandView,
  parquetSource,
  pick,
} from '#define/index.ts';
import { compiled, driver, trips, viewOf } from './fixture.ts';
import { ratios, ride, stats } from './model.ts';

const day = days(1);

describe('hashes', () => {
  const variant = (changes: object): ReturnType<typeof viewOf> =>
    viewOf(
      'v',
      batchView('v', {
        entity: driver,
        source: trips,
        schedule: hours(1),
        features: { n: count({ window: day }) },
        ...changes,
      }),
    );
  const base = variant({});

  it('of a definition change with what a value depends on', () => {
    const { schema } = trips;
    const moved = parquetSource('trips', { location: 'other/', schema, eventTime: 'event_timestamp' });
    const others = [
      variant({ ttl: days(2) }),
      variant({ schedule: hours(2) }),
      variant({ delay: 1 }),
      variant({ features: { n: count({ window: days(2) }) } }),
      variant({ source: moved }),
    ];
    expect(new Set([base, ...others].map(({ definitionHash }) => definitionHash)).size).toBe(6);
  });

  it('of a definition do not change with what is said of it', () => {
    const described = variant({ description: 'x', owner: 'y', tags: { team: 'z' } });
    expect(described.definitionHash).toBe(base.definitionHash);
    expect(compiled(stats).hash).not.toBe(
      compiled(batchView('driver_stats', { ...stats.options, description: 'x' } as never)).hash,
    );
  });

  it('of a service do not change with how it is answered while the store is down, nor with its cache', () => {
    const serviceOf = (options: object) => compiled(featureService('model', [stats], options)).services[0];
    const policy = { onUnavailable: { lastKnown: { within: hours(1) } }, cache: { ttl: 5000 } };
    expect(serviceOf(policy)?.serving).toEqual({
      onUnavailable: { kind: 'lastKnown', withinMillis: 3_600_000 },
      cache: { ttlMillis: 5000, negativeTtlMillis: 5000 },
    });
    expect(serviceOf({ onUnavailable: 'default' })?.serving).toEqual({ onUnavailable: { kind: 'default' } });
    expect(serviceOf({ onUnavailable: 'fail' })).toEqual(serviceOf({}));
    expect(serviceOf(policy)?.definitionHash).toBe(serviceOf({})?.definitionHash);
  });

  it('of a definition change with its entity and its inputs', () => {
    const renamed = entity('chauffeur', { keys: { driver_id: int64() }, owner: 'marketplace' });
    expect(variant({ entity: renamed }).definitionHash).not.toBe(base.definitionHash);
    const shorter = batchView('driver_stats', { ...stats.options, ttl: hours(5) } as never);
    const { transform } = ratios;
    const reread = onDemandView('ratios', {
      inputs: { stats: pick(shorter, ['mean_fare_30d'] as never), ride },
      outputs: { fare_per_km: float64() },
      owner: 'pricing',
      transform: transform as never,
    });
    expect(viewOf('ratios', reread).definitionHash).not.toBe(viewOf('ratios', ratios).definitionHash);
  });

  it('of an on-demand view change with the hash of its code', () => {
    const withCode = (hash: string): string | undefined =>
      compile([ratios], { project: 'demo', transformHashes: { 'ratios@1': hash.repeat(64) } }).views.find(
        ({ name }) => name === 'ratios',
      )?.definitionHash;
    expect(withCode('a')).not.toBe(withCode('b'));
    expect(withCode('a')).toBe(withCode('a'));
  });

  it('of a layout change with names, types and order of features only', () => {
    const layout = (changes: object): string | undefined => {
      const view = variant(changes);
      return view.kind === 'onDemand' ? undefined : view.layout;
    };
    const [a, b] = [count({ window: day }), mean('fare', { window: day })];
    expect(layout({ ttl: days(9) })).toBe(layout({}));
    expect(layout({ features: { n: count({ window: days(3) }) } })).toBe(layout({}));
    expect(layout({ features: { a, b } })).not.toBe(layout({ features: { b, a } }));
    expect(layout({ features: { a, b } })).not.toBe(layout({ features: { a, b: a } }));
  });
});
