import { afterEach, expect, it, vi } from 'vitest';
import { rightsOf } from '#engine/access/rights.ts';
import { accessSchema } from '#spec/access.ts';
import { repository } from '#test/unit/serve/shop.ts';
import { accessApi } from './access-api.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const roles = {
  orders: { read: { views: ['orders'] }, train: { views: ['orders', 'lane_stats'] } },
  lanes: { read: { services: ['lanes'] } },
  all: { read: { views: ['*'] } },
  owner: { admin: true },
  nothing: {},
};
const rights = (role: string, unreadable: 'refuse' | 'mask' = 'refuse') =>
  rightsOf(repository.manifest, accessSchema.parse({ roles, unreadable }), [role]).flatMap((row) =>
    row.rights.length === 0 ? [] : [`${row.kind} ${row.name}: ${row.rights.join(', ')}`],
  );

it('tells what roles come to, a service by its own name or by all of its views', () => {
  expect(rights('orders')).toEqual([
    'view orders@1: read, train',
    'view lane_stats@1: train',
    'service lanes@3: train',
  ]);
  expect(rights('orders', 'mask')).toEqual([
    'view orders@1: read, train',
    'view lane_stats@1: train',
    'service checkout@1: read masked',
    'service lanes@3: read masked, train',
  ]);
  expect(rights('lanes')).toEqual(['service lanes@3: read']);
  expect(rights('nothing')).toEqual([]);
});

it.each(Object.keys(roles))('says of %s what the routes do', async (role) => {
  for (const unreadable of ['refuse', 'mask'] as const) {
    const { call, tokenOf } = await accessApi({ roles, unreadable });
    const { token } = await tokenOf([role]);
    const told = rights(role, unreadable);
    for (const [kind, name, selection] of [
      ['view', 'orders@1', { features: ['orders@1:spend'] }],
      ['view', 'everything@2', { features: ['everything@2:a_string'] }],
      ['service', 'lanes@3', { service: 'lanes@3' }],
    ] as const) {
      const entity = kind === 'service' ? { customer_id: 7, origin: 'a', target: 'b' } : { customer_id: 7 };
      const { status } = await call('POST', '/v1/online-features', {
        token,
        body: { ...selection, entities: [entity] },
      });
      expect([name, status === 200]).toEqual([name, told.some((line) => line.startsWith(`${kind} ${name}: read`))]);
    }
  }
});
