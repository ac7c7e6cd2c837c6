import { expect, it } from 'vitest';
import { serveApi } from './serve-api.ts';

const get = async (path: string) => {
  const result = await serveApi().call('GET', path);
  return { status: result.statusCode, body: JSON.parse(result.body) };
};

it('lists all feature views with their features', async () => {
  const { body } = await get('/v1/feature-views');
  expect(body.views.map((view: { id: string }) => view.id)).toContain('everything@2');
  expect(body.views).toContainEqual({
    id: 'lane_stats@1',
    name: 'lane_stats',
    version: 1,
    kind: 'table',
    definitionHash: '3'.repeat(64),
    entity: 'lane',
    online: true,
    description: 'of the shop',
    owner: 'shop',
    features: [{ name: 'minutes', type: 'int32', description: 'of the shop' }],
  });
});

it('shows one view as declared, by name or by name and version', async () => {
  const { body } = await get('/v1/feature-views/orders');
  expect(body).toMatchObject({ id: 'orders@1', ttlMillis: 3_600_000, keys: [{ name: 'customer_id', type: 'int64' }] });
  expect((await get('/v1/feature-views/orders@1')).body).toEqual(body);
  expect((await get('/v1/feature-views/risk')).body).toMatchObject({
    kind: 'onDemand',
    inputs: [{ view: 'basket_features' }],
    services: ['checkout@1'],
  });
});

it('shows of a service what it answers and what it needs', async () => {
  const { body } = await get('/v1/feature-services/checkout');
  expect(body).toMatchObject({
    id: 'checkout@1',
    definitionHash: 'c'.repeat(64),
    features: [
      { name: 'risky', feature: 'risk@1:risky', type: 'bool' },
      { name: 'orders__order_count', feature: 'orders@1:order_count', type: 'int64' },
      { name: 'share', feature: 'basket_features@1:share', type: 'float64' },
    ],
    entities: [{ name: 'customer', keys: [{ name: 'customer_id', type: 'int64' }] }],
    request: [{ name: 'amount' }, { name: 'voucher' }, { name: 'sizes' }],
  });
});

it.each([
  '/v1/feature-views/order',
  '/v1/feature-views/orders@7',
  '/v1/feature-services/nothing',
  '/v1/feature-views/a%2Fb',
])('%s is 404', async (path) => {
  const { status, body } = await get(path);
  expect([status, body.title]).toEqual([404, 'Not Found']);
});
