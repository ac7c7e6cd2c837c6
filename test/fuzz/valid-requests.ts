/** A request to each route with a body that is answered 2xx by the API of fuzz-api.ts. */
export interface ValidRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const everyType = {
  an_int32: 7,
  an_int64: '9223372036854775807',
  a_float32: 0.5,
  a_float64: 'NaN',
  a_string: 'text',
  a_bool: true,
  a_timestamp: '2026-01-31T09:30:00Z',
  some_bytes: 'AAEC',
  int64s: [1, null, '2'],
  strings: ['a', null],
};
const at = '2026-01-31T09:29:00Z';
const columns = (row: Readonly<Record<string, unknown>>): Record<string, unknown[]> =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]]));
const click = { customer_id: 7, click_id: 'c', at, day: '2026-01-31', price: '1.50', ...everyType };
const profile = { customer_id: 7, at, made: at, gone: false, ...everyType };

export const validRequests: readonly ValidRequest[] = [
  {
    path: '/v1/online-features',
    body: {
      service: 'checkout@1',
      entities: [{ customer_id: 7 }, { customer_id: '8' }],
      request: [{ amount: 12.5 }],
      metadata: ['status', 'eventTime', 'ageMillis', 'version', 'type'],
      int64: 'string',
      consistency: 'strong',
      format: 'columns',
      onPartial: 'values',
    },
  },
  {
    path: '/v1/online-features',
    body: { service: 'echoes', entities: [{}], request: [{ ...everyType, an_int64: '7' }] },
  },
  {
    path: '/v1/online-features',
    body: {
      features: ['stock_levels@1:items'],
      entities: [{ region: 'north', shelf: 1 }],
      format: 'vector',
      fill: -1,
    },
  },
  { path: '/v1/push/clicks', body: { events: [click] } },
  {
    path: '/v1/training-sets',
    body: {
      spine: 'training-sets/labels.csv',
      features: ['everything:an_int64'],
      mode: 'asServed',
      lag: '2h',
      label: 'late',
      split: { hash: [0.8, 0.2], by: 'customer', seed: 7 },
      sample: { share: 0.1, by: 'customer', seed: 7 },
      fileRows: 5000,
      format: 'csv',
    },
  },
  {
    path: '/v1/training-sets',
    body: { spine: 's3://memory/training-sets/labels.csv', service: 'shelves', asOf: 'now' },
  },
  {
    path: '/get-online-features',
    body: {
      features: ['everything:an_int64', 'visit_counts@v1:visits_24h'],
      entities: { customer_id: [7, 8] },
      full_feature_names: true,
      include_feature_view_version_metadata: true,
    },
  },
  {
    path: '/get-online-features',
    body: { feature_service: 'checkout', entities: { customer: ['7'], amount: [0.5] } },
  },
  { path: '/push', body: { push_source_name: 'profiles', df: columns(profile), to: 'online_and_offline' } },
  { path: '/push', body: { push_source_name: 'clicks', df: columns(click) } },
  { path: '/write-to-online-store', body: { feature_view_name: 'everything', df: columns(profile) } },
  {
    path: '/materialize',
    body: {
      start_ts: '2026-01-01T00:00:00',
      end_ts: '2026-01-02T00:00:00',
      feature_views: ['visit_counts'],
      version: 'v1',
    },
  },
  { path: '/materialize-incremental', body: { end_ts: '2026-01-02T00:00:00', feature_views: ['visit_counts'] } },
];
