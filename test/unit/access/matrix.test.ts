import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AccessInput } from '#spec/access.ts';
import { accessApi, order, spine } from './access-api.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const roles: AccessInput['roles'] = {
  orders_reader: { read: { views: ['orders'] } },
  everything_v2: { read: { views: ['everything@2'] } },
  everything_v1: { read: { views: ['everything@1'] } },
  lanes_model: { read: { services: ['lanes'] } },
  all_reader: { read: { views: ['*'], services: ['*'] } },
  producer: { push: ['orders'] },
  orders_trainer: { train: { views: ['orders'] } },
  lanes_trainer: { train: { services: ['lanes@3'] } },
  all_trainer: { train: { views: ['*'] } },
  owner: { admin: true },
  nothing: {},
};

const readOf = (selection: object, entity: object = { customer_id: 7 }) => ({
  path: '/v1/online-features',
  body: { ...selection, entities: [entity] },
});
const trainOn = (selection: object, from = spine) => ({
  path: '/v1/training-sets',
  body: { ...selection, spine: from },
});

const actions = {
  'read orders': readOf({ features: ['orders:spend'] }),
  'read everything': readOf({ features: ['everything:a_string'] }),
  'read both': readOf({ features: ['orders:spend', 'everything:a_string'] }),
  'read service lanes': readOf({ service: 'lanes' }, { customer_id: 7, origin: 'a', target: 'b' }),
  'read feast orders': {
    path: '/get-online-features',
    body: { features: ['orders:spend'], entities: { customer_id: [7] } },
  },
  push: { path: '/v1/push/orders', body: { events: [order] } },
  'push as Feast does': {
    path: '/push',
    body: {
      push_source_name: 'orders',
      df: Object.fromEntries(Object.entries(order).map(([key, value]) => [key, [value]])),
    },
  },
  materialize: {
    path: '/materialize-incremental',
    body: { end_ts: '2026-01-31T00:00:00Z', feature_views: ['orders'] },
  },
  'train on orders': trainOn({ features: ['orders:spend'] }),
  'train on everything': trainOn({ features: ['everything:a_string'] }),
  'train on service lanes': trainOn({ service: 'lanes' }),
  'train on orders, spine of a source': trainOn({ features: ['orders:spend'] }, 'sources/profiles/all.csv'),
  'train on orders, spine of a dataset': trainOn({ features: ['orders:spend'] }, 'datasets/other/part.csv'),
} as const;
type Action = keyof typeof actions;

const readActions: Action[] = [
  'read orders',
  'read everything',
  'read both',
  'read service lanes',
  'read feast orders',
];
const allowed: Readonly<Record<string, readonly Action[]>> = {
  orders_reader: ['read orders', 'read feast orders'],
  everything_v2: ['read everything'],
  everything_v1: [],
  lanes_model: ['read service lanes'],
  all_reader: readActions,
  producer: ['push', 'push as Feast does'],
  orders_trainer: ['train on orders'],
  lanes_trainer: ['train on service lanes'],
  all_trainer: [
    'train on orders',
    'train on everything',
    'train on service lanes',
    'train on orders, spine of a dataset',
  ],
  owner: Object.keys(actions) as Action[], // all there are
  nothing: [],
  'of no role': [],
  'of an undeclared role': [],
};

describe('role x action x view', () => {
  it.each(Object.entries(allowed))('%s may do exactly what it is given', async (role, may) => {
    const api = await accessApi({ roles });
    const { token } = await api.tokenOf(role === 'of no role' ? [] : [role]);
    const done: string[] = [];
    for (const [action, { path, body }] of Object.entries(actions)) {
      const { status, json, text } = await api.call('POST', path, { token, body });
      if (status < 300) done.push(action);
      else {
        // a spine out of bounds is a fault of the request; every other refusal is 403
        expect([action, status]).toEqual([action, action.includes('spine of') && status === 400 ? 400 : 403]);
        expect(JSON.stringify(json)).not.toContain('secret-profile');
        expect(text).not.toContain('12.5');
      }
    }
    expect(done).toEqual(may);
  });

  it('several roles allow together what each allows', async () => {
    const api = await accessApi({ roles });
    const { token } = await api.tokenOf(['orders_reader', 'everything_v2']);
    const both = await api.call('POST', '/v1/online-features', { token, body: actions['read both'].body });
    expect(both.json.rows[0].values).toEqual([12.5, 'secret-profile']);
  });

  it("without an access, only the deployment's own token opens anything", async () => {
    const api = await accessApi({ roles: {} });
    const { token } = await api.tokenOf(['all_reader']);
    const { path, body } = actions['read orders'];
    expect((await api.call('POST', path, { token, body })).status).toBe(403);
    expect((await api.call('POST', path, { token: 'right', body })).status).toBe(200);
  });
});

describe('masking', () => {
  const body = {
    features: ['everything:a_string', 'orders:spend'],
    entities: [{ customer_id: 7 }],
    metadata: ['status', 'eventTime'],
  };

  it('answers null and MASKED for what the caller may not read, where the policy says so', async () => {
    const api = await accessApi({ roles, unreadable: 'mask' });
    const { token } = await api.tokenOf(['orders_reader']);
    const { status, json } = await api.call('POST', '/v1/online-features', { token, body });
    expect(status).toBe(200);
    expect(json.rows).toEqual([
      {
        entity: { customer_id: 7 },
        values: [null, 12.5],
        status: ['MASKED', 'PRESENT'],
        eventTime: [null, expect.any(String)],
      },
    ]);
  });

  it('is no bar to those who may read it all', async () => {
    const api = await accessApi({ roles, unreadable: 'mask' });
    const { json } = await api.call('POST', '/v1/online-features', { token: 'right', body });
    expect(json.rows[0].status).toEqual(['PRESENT', 'PRESENT']);
  });

  it('refuses a request of which nothing may be read', async () => {
    const api = await accessApi({ roles, unreadable: 'mask' });
    const { token } = await api.tokenOf(['producer']);
    expect((await api.call('POST', '/v1/online-features', { token, body })).status).toBe(403);
  });
});

describe('catalog', () => {
  const idsOf = (json: { views: { id: string }[] }) => json.views.map(({ id }) => id);

  it('shows views and services that the caller may read or train on, and hides the rest', async () => {
    const api = await accessApi({ roles });
    const { token } = await api.tokenOf(['orders_reader', 'lanes_model']);
    expect(idsOf((await api.call('GET', '/v1/feature-views', { token })).json)).toEqual(['orders@1']);
    expect((await api.call('GET', '/v1/feature-views/orders', { token })).status).toBe(200);
    expect((await api.call('GET', '/v1/feature-services/lanes', { token })).status).toBe(200);
    const hidden = await api.call('GET', '/v1/feature-views/everything', { token });
    const unknown = await api.call('GET', '/v1/feature-views/no_such_view', { token });
    expect([hidden.status, unknown.status]).toEqual([404, 404]);
    expect(hidden.json.detail).toBe(unknown.json.detail.replace('no_such_view', 'everything'));
    expect((await api.call('GET', '/v1/feature-services/checkout', { token })).text).not.toContain('checkout@1');
  });

  it('describes in the OpenAPI document what the caller may use', async () => {
    const api = await accessApi({ roles });
    const { token } = await api.tokenOf(['lanes_model']);
    const document = (await api.call('GET', '/v1/openapi.json', { token })).text;
    expect(document).toContain('lanes@3');
    for (const other of ['checkout', 'everything', '/v1/push']) expect(document).not.toContain(other);
    const whole = (await api.call('GET', '/v1/openapi.json', { token: 'right' })).text;
    for (const other of ['checkout', 'everything', '/v1/push']) expect(whole).toContain(other);
  });
});

describe('training sets of others', () => {
  it('are known to whoever may train on what they hold, and to nobody else', async () => {
    const api = await accessApi({ roles });
    const owner = await api.tokenOf(['lanes_trainer']);
    const { json } = await api.call('POST', '/v1/training-sets', {
      token: owner.token,
      body: actions['train on service lanes'].body,
    });
    const path = `/v1/training-sets/${json.id}`;
    expect((await api.call('GET', path, { token: owner.token })).status).toBe(200);
    for (const role of ['all_trainer', 'owner'])
      expect((await api.call('GET', path, { token: (await api.tokenOf([role])).token })).status).toBe(200);
    for (const role of ['orders_trainer', 'all_reader', 'nothing']) {
      const hidden = await api.call('GET', path, { token: (await api.tokenOf([role])).token });
      expect([hidden.status, hidden.json.code]).toEqual([404, 'trainingSet.unknown']);
    }
  });
});
