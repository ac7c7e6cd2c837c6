import { beforeEach, describe, expect, it } from 'vitest';
import { hourMillis, nowMillis } from '#test/unit/serve/shop.ts';
import { serveApi } from '../serve/serve-api.ts';
import { columnsOf, errorJson, exactJson, recordedAnswers, repository, storeRows } from './feast-shop.ts';

const path = '/get-online-features';

let api: ReturnType<typeof serveApi>;
beforeEach(async () => {
  api = serveApi(repository);
  await storeRows(api.rows);
});

const post = (body: unknown) =>
  api.call('POST', path, { body: typeof body === 'string' ? body : JSON.stringify(body) });
const columns = async (body: object) => columnsOf((await post(body)).body);
/** Class and message of an error in Feast's envelope. */
const errorOf = (body: string): { module: string; class: string; message: string } => JSON.parse(JSON.parse(body));

/** What Feast answers otherwise, by the recording's name: docs/feast.md lists these. */
const deviations: Readonly<Record<string, readonly [status: number, error: string, says: RegExp]>> = {
  'an unknown feature': [404, 'FeastObjectNotFoundException', /"spent".*did you mean "spend"/],
  'a reference without a feature': [422, 'FeastError', /bad feature reference "orders"/],
  'two features of one name': [422, 'FeatureNameCollisionError', /^Duplicate features named spend found\.\nTo resolve/],
  'no features': [422, 'FeastError', /no features/],
  'no entities': [422, 'FeastError', /Missing join key values for keys: \['customer_id'\]/],
  'no rows': [422, 'FeastError', /No entity rows/],
  'a null key': [422, 'FeastError', /customer_id.*null/],
  'a missing key': [422, 'FeastError', /Missing join key.*'customer_id'.*Provided.*'name'/],
  'half of a composite key': [422, 'FeastError', /Missing join key.*'target'/],
  'a text for a number': [422, 'FeastError', /customer_id of row 0 .*"one"/],
  'a fraction for a whole number': [422, 'FeastError', /customer_id of row 0 .*1\.7/],
  'columns of different lengths': [422, 'FeastError', /^All entity rows must have the same columns\.$/],
};
const ofPath = recordedAnswers.filter((answer) => answer.path === path);
const notTheSame = ['features on demand beside stored ones', 'the version flag', 'a body that is no JSON'];

describe('what Feast 0.67.0 answered', () => {
  it('is a recording of both values and errors', () => {
    expect(ofPath.filter(({ status }) => status === 200).length).toBeGreaterThan(15);
    expect(ofPath.filter(({ status }) => status !== 200).length).toBeGreaterThan(15);
    const names = ofPath.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...Object.keys(deviations), ...notTheSame]));
  });

  for (const { name, request, status, body } of ofPath) {
    if (deviations[name] || notTheSame.includes(name)) continue;
    it(`is answered: ${name}`, async () => {
      const result = await post(request);
      expect({ status: result.statusCode, type: result.headers['content-type'] }).toEqual({
        status,
        type: 'application/json',
      });
      if (status === 200) expect(columnsOf(result.body)).toEqual(columnsOf(body));
      else expect(errorJson(result.body)).toEqual(errorJson(body));
    });
  }

  for (const { name, request } of ofPath) {
    const [status, error, says] = deviations[name] ?? [];
    if (status === undefined) continue;
    it(`is 4xx in its envelope where it was 500 or silently wrong: ${name}`, async () => {
      const result = await post(request);
      expect({ status: result.statusCode, ...errorOf(result.body) }).toEqual({
        status,
        module: 'feast.errors',
        class: error,
        message: expect.stringMatching(says ?? /never/),
      });
    });
  }

  it('is told as malformed where it is no JSON', async () => {
    const result = await post('{');
    expect(result.statusCode).toBe(422);
    expect(JSON.parse(result.body)).toMatchObject({
      detail: [{ type: 'json_invalid', loc: ['body', 1], msg: 'JSON decode error', input: {} }],
    });
  });
});

describe('what Feast does not do', () => {
  it('serves features on demand under their full names too', async () => {
    const found = await columns({
      features: ['basket_features:share', 'orders:order_count'],
      entities: { customer_id: [1, 2], amount: [30, 1], voucher: [2, 3], sizes: [[1], []] },
      full_feature_names: true,
    });
    expect(Object.keys(found)).toEqual(['customer_id', 'basket_features__share', 'orders__order_count']);
    expect(found.basket_features__share).toMatchObject({ values: ['number 3.0', 'number 10.0'] });
  });

  it('tells the version of each view that was read', async () => {
    const body = { features: ['orders:spend', 'everything:a_bool'], entities: { customer_id: [1] } };
    const { metadata } = JSON.parse((await post({ ...body, include_feature_view_version_metadata: true })).body);
    expect(metadata.feature_view_metadata).toEqual([
      { name: 'orders', version: 1 },
      { name: 'everything', version: 2 },
    ]);
    expect(JSON.parse((await post(body)).body).metadata).toEqual({
      feature_names: ['customer_id', 'spend', 'a_bool'],
    });
  });

  it('takes versions as Feast and as we write them', async () => {
    for (const reference of ['everything@v2:a_bool', 'everything@latest:a_bool', 'everything@2:a_bool'])
      expect(await columns({ features: [reference], entities: { customer_id: [1] } })).toMatchObject({
        a_bool: { values: [true] },
      });
    const unknown = await post({ features: ['everything@v3:a_bool'], entities: { customer_id: [1] } });
    expect({ status: unknown.statusCode, error: errorOf(unknown.body).class }).toEqual({
      status: 404,
      error: 'FeatureViewNotFoundException',
    });
  });

  it('gives a row beyond its ttl as null outside of its age, or as the declared default', async () => {
    const eventTimeMillis = nowMillis - hourMillis - 1;
    await api.rows.store('orders', [5n], { values: [9n, 9, 9], eventTimeMillis });
    const found = await columns({ features: ['orders:spend', 'orders:ratio'], entities: { customer_id: [5] } });
    const event_timestamps = [new Date(eventTimeMillis).toISOString()];
    expect(found.spend).toEqual({ values: [null], statuses: ['OUTSIDE_MAX_AGE'], event_timestamps });
    expect(found.ratio).toEqual({ values: ['number 0.5'], statuses: ['OUTSIDE_MAX_AGE'], event_timestamps });
  });

  it('gives the declared default where there is no row', async () => {
    const found = await columns({ features: ['orders:order_count'], entities: { customer_id: [77] } });
    expect(found.order_count).toMatchObject({ values: ['number 0'], statuses: ['NOT_FOUND'] });
  });

  it('gives the value of an empty window as present, and one that cannot be told as invalid', async () => {
    await api.rows.store('orders', [6n], { values: [0n, null, null], marks: '.de' });
    const features = ['orders:order_count', 'orders:spend', 'orders:ratio'];
    const found = await columns({ features, entities: { customer_id: [6] } });
    expect(found.order_count).toMatchObject({ values: ['number 0'], statuses: ['PRESENT'] });
    expect(found.spend).toMatchObject({ values: [null], statuses: ['PRESENT'] });
    expect(found.ratio).toMatchObject({ values: [null], statuses: ['INVALID'] });
  });

  it('fails as a whole where a key cannot be read, for its clients see no statuses', async () => {
    const ask = { features: ['orders:spend', 'everything:a_bool'], entities: { customer_id: [1] } };
    const failing = await api.rows.store('orders', [1n], { values: [1n, 1, 1] });
    api.rows.failing.add(failing);
    const result = await post(ask);
    expect({ status: result.statusCode, retry: result.headers['retry-after'], ...errorOf(result.body) }).toMatchObject({
      status: 503,
      retry: '1',
      class: 'FeastError',
    });
  });

  it('takes as many rows as our own API does', async () => {
    const ids = Array.from({ length: 101 }, (_, id) => id);
    const result = await post({ features: ['orders:spend'], entities: { customer_id: ids } });
    expect({ status: result.statusCode, message: errorOf(result.body).message }).toEqual({
      status: 422,
      message: '101 entity rows, at most 100 are taken; send fewer at a time',
    });
    expect((await post({ features: ['orders:spend'], entities: { customer_id: ids.slice(1) } })).statusCode).toBe(200);
  });
});

it('has milliseconds in event times that have some', async () => {
  await api.rows.store('orders', [8n], { values: [1n, 1, 1], eventTimeMillis: nowMillis - 880 });
  const found = await columns({ features: ['orders:spend'], entities: { customer_id: [8] } });
  expect(found.spend).toMatchObject({ event_timestamps: ['2025-10-09T08:53:19.120Z'] });
});

it('keeps the order of the features that were asked for, behind the keys in the order that they were sent in', async () => {
  const features = ['orders:spend', 'lane_stats:minutes', 'orders:ratio'];
  const found = await columns({ features, entities: { target: ['bc'], customer_id: [1], origin: ['a'] } });
  expect(Object.keys(found)).toEqual(['target', 'customer_id', 'origin', 'spend', 'minutes', 'ratio']);
});

describe('keys', () => {
  const keyed = async (values: unknown) => columns({ features: ['orders:spend'], entities: { customer_id: values } });

  it('are turned into the type of the key, as Feast does', async () => {
    const found = await keyed([true, ' 2 ', 1.0, '9007199254740993']);
    expect(found.customer_id).toMatchObject({
      values: ['number 1', 'number 2', 'number 1', 'number 9007199254740993'],
    });
    const lanes = await columns({ features: ['lane_stats:minutes'], entities: { origin: [5], target: ['b'] } });
    expect(lanes.origin).toMatchObject({ values: ['5'] });
  });

  it('keep every digit of an int64', async () => {
    const body = '{"features":["orders:spend"],"entities":{"customer_id":[9223372036854775807]}}';
    expect(columnsOf((await post(body)).body).customer_id).toMatchObject({ values: ['number 9223372036854775807'] });
    const beyond = await post(body.replace('807', '808'));
    expect(beyond.statusCode).toBe(422);
  });
});

it('tells malformed bodies without repeating what is long or deep', async () => {
  const deep = `${'['.repeat(20_000)}1${']'.repeat(20_000)}`;
  const bodies = [
    `{"entities":${deep}}`,
    JSON.stringify({ entities: 'x'.repeat(5000) }),
    deep,
    '7',
    'null',
    '{"entities":{"a":[1e999]}}',
  ];
  for (const body of bodies) {
    const result = await post(body);
    expect({ body: body.slice(0, 20), status: result.statusCode }).toEqual({ body: body.slice(0, 20), status: 422 });
    expect(result.body.length).toBeLessThan(1000);
  }
});

it('is refused without a token, as Feast tells it', async () => {
  const result = await api.call('POST', path, { headers: { authorization: '' }, body: '{}' });
  expect(result.statusCode).toBe(401);
  expect(JSON.parse(result.body)).toEqual({ detail: expect.stringContaining('token') });
});

it('says that it is up to anybody, without a body', async () => {
  const health = await api.call('GET', '/health', { headers: { authorization: '' } });
  expect({ status: health.statusCode, body: health.body }).toEqual({ status: 200, body: '' });
});

it('counts requests as those of our own API, refused ones too', async () => {
  await post({ feature_service: 'lanes', entities: { origin: ['a'], target: ['bc'], customer_id: [1] } });
  await post({ features: ['orders:spend'], entities: {} });
  expect(api.facts.map(({ service, served }) => [service, served?.rows.length])).toEqual([
    ['lanes@3', 1],
    [undefined, undefined],
  ]);
  expect(exactJson('[2.0, 2]')).toEqual(['number 2.0', 'number 2']); // the comparison above sees the difference
});
