import { expect, it } from 'vitest';
import { planServing, servePlans } from '#engine/serve/plan.ts';
import { repository } from './shop.ts';

it('plans a selection once, and drops the one that was longest not used', () => {
  const { planOf } = servePlans(repository, 2);
  const [count, spend, ratio] = ['order_count', 'spend', 'ratio'].map((name) => ({ features: [`orders:${name}`] }));
  if (!count || !spend || !ratio) throw new Error('three selections');
  const first = planOf(count);
  const second = planOf(spend);
  expect(planOf({ ...count })).toBe(first);
  planOf(ratio);
  expect(planOf(count)).toBe(first);
  expect(planOf(spend)).not.toBe(second);
});

it('takes no list for another, whatever its refs hold', () => {
  const { planOf } = servePlans(repository);
  planOf({ features: ['orders:spend', 'orders:ratio'] });
  expect(() => planOf({ features: ['orders:spend orders:ratio'] })).toThrow(
    /unknown feature of view|bad feature reference/,
  );
  expect(() => planOf({ features: ['orders:spend,orders:ratio'] })).toThrow(
    /unknown feature of view|bad feature reference/,
  );
});

it('reads exactly the stored views that are named or feed what is named', () => {
  const readsOf = (...features: string[]) =>
    planServing(repository, { features }).reads.map((read) => [read.viewId, read.features.map(({ name }) => name)]);
  expect(readsOf('risk:risky')).toEqual([['orders@1', ['order_count', 'spend']]]);
  expect(readsOf('basket_size:size')).toEqual([]);
  expect(readsOf('lane_stats:minutes', 'orders:ratio')).toEqual([
    ['lane_stats@1', ['minutes']],
    ['orders@1', ['ratio']],
  ]);
});

it('says what is wrong with one reference', () => {
  const { faultOf } = servePlans(repository);
  expect(faultOf('orders:spend')).toBeUndefined();
  expect(faultOf('orders:spent')?.message).toMatch(/did you mean "spend"/);
  expect(faultOf('archive:note')?.code).toBe('serve.notOnline');
});

it('refuses entities that have a key of one name and different types', () => {
  const { manifest, transforms } = repository;
  const entities = manifest.entities.map((entity) =>
    entity.name === 'lane' ? { ...entity, keys: [{ name: 'customer_id', type: 'string' as const }] } : entity,
  );
  const conflicting = { manifest: { ...manifest, entities }, transforms };
  expect(() => planServing(conflicting, { service: 'lanes' })).toThrow(
    /key customer_id is string in entity lane and int64 in entity customer/,
  );
});

it('refuses a bundle without the transform of an on-demand view', () => {
  expect(() => planServing({ ...repository, transforms: {} }, { features: ['basket_size:size'] })).toThrow(
    /no transform for basket_size@1/,
  );
});

it('reads an entity as a whole where all its online views are asked for, none of a stream, and no other entity', () => {
  const { manifest, transforms } = repository;
  const wholeOf = (features: readonly string[], views = manifest.views) =>
    planServing({ manifest: { ...manifest, views }, transforms }, { features: [...features] }).readsWholeEntity;
  const all = manifest.views.flatMap((view) =>
    view.kind !== 'onDemand' && view.online && view.entity === 'customer'
      ? [`${view.name}@${view.version}:${view.features[0]?.name}`]
      : [],
  );
  expect(all.length).toBeGreaterThan(1);
  expect(wholeOf(all)).toBe(true);
  expect(wholeOf(all.slice(1))).toBe(false);
  expect(wholeOf([...all, 'lane_stats:minutes'])).toBe(false);
  expect(wholeOf(['lane_stats:minutes'])).toBe(false); // one key is read by its key
  const [stored] = manifest.views.filter(({ name }) => name === 'orders');
  if (stored?.kind !== 'batch') throw new Error('orders is a batch view');
  expect(wholeOf(all, [...manifest.views, { ...stored, version: 2 }])).toBe(false);
});
