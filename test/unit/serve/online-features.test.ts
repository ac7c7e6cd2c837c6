import { beforeEach, describe, expect, it } from 'vitest';
import { type ValuesResponse, valuesResponseSchema } from '#lambdas/serve-features/event.ts';
import { serveApi } from './serve-api.ts';
import { hourMillis, nowMillis, repository } from './shop.ts';

const spend = { features: ['orders:spend'] };
const basket = { amount: 30, voucher: 1, sizes: [1, 2, null] };

let api: ReturnType<typeof serveApi>;
beforeEach(() => {
  api = serveApi();
});

/** The answer, which must have the documented shape. */
async function ask(body: object | string): Promise<ValuesResponse> {
  const result = await api.post(body);
  expect({ status: result.statusCode, body: result.statusCode === 200 ? '' : result.body }).toEqual({
    status: 200,
    body: '',
  });
  return valuesResponseSchema.parse(JSON.parse(result.body));
}
const valuesOf = (answer: ValuesResponse) => answer.rows.map((row) => row.values);
const statusesOf = (answer: ValuesResponse) => answer.rows.map((row) => row.status);

describe('online features', () => {
  it('answers rows in the order of the entities, and an entity that stands twice twice', async () => {
    await api.rows.store('orders', [1n], { values: [1n, 10, 0] });
    await api.rows.store('orders', [2n], { values: [2n, 20, 0] });
    const answer = await ask({ ...spend, entities: [2, 1, 2, 3].map((id) => ({ customer_id: id })) });
    expect(answer.names).toEqual(['orders__spend']);
    expect(answer.rows.map((row) => row.entity.customer_id)).toEqual([2, 1, 2, 3]);
    expect(valuesOf(answer)).toEqual([[20], [10], [20], [null]]);
  });

  it('asks the store once for each distinct entity and view, and only for the views that are needed', async () => {
    await ask({
      features: ['orders:spend', 'orders:order_count', 'risk:risky'],
      entities: [1, 2, 1, 1].map((id) => ({ customer_id: id })),
      request: [basket],
    });
    expect(api.rows.asked).toEqual(['orders@1 1|customer|l1:1|', 'orders@1 1|customer|l1:2|']);
  });

  it('reads nothing for features of the request alone', async () => {
    const answer = await ask({ features: ['basket_size:size'], entities: [{}], request: [basket] });
    expect(valuesOf(answer)).toEqual([[3]]);
    expect(api.rows.asked).toEqual([]);
  });

  it('reads its own writes where strong consistency is asked for, and eventually otherwise', async () => {
    api.rows.behind.add(await api.rows.store('orders', [1n], { values: [1n, 10, 0] }));
    const entities = [{ customer_id: 1 }];
    expect(statusesOf(await ask({ ...spend, entities, consistency: 'strong' }))).toEqual([['PRESENT']]);
    expect(statusesOf(await ask({ ...spend, entities, consistency: 'eventual' }))).toEqual([['MISSING']]);
    expect(statusesOf(await ask({ ...spend, entities }))).toEqual([['MISSING']]);
  });

  it('says of the answer which instant, service and definitions it is of', async () => {
    const { meta } = await ask({ service: 'checkout', entities: [{ customer_id: 1 }], request: [basket] });
    expect(meta).toEqual({
      asOf: new Date(nowMillis).toISOString(),
      service: 'checkout',
      version: 1,
      definitionHash: 'c'.repeat(64),
      partial: false,
      requestId: '0d3f5c1e-6f4b-4d0a-9a51-3a3f0a4f7a11',
    });
    const listed = await ask({ ...spend, entities: [{ customer_id: 1 }] });
    expect(listed.meta).toMatchObject({ service: null, version: null, definitionHash: repository.manifest.hash });
  });

  it('keeps the order and the aliases of the service', async () => {
    await api.rows.store('orders', [1n], { values: [4n, 10, 0] });
    const answer = await ask({ service: 'checkout@1', entities: [{ customer_id: 1 }], request: [basket] });
    expect(answer.names).toEqual(['risky', 'orders__order_count', 'share']);
    expect(valuesOf(answer)).toEqual([[true, 4, 3]]);
  });

  it('takes the keys of several entities from one object', async () => {
    await api.rows.store('lane_stats', ['a', 'bc'], { values: [5] });
    await api.rows.store('orders', [1n], { values: [1n, 10, 0] });
    const answer = await ask({
      service: 'lanes',
      entities: [
        { customer_id: 1, origin: 'a', target: 'bc' },
        { customer_id: 1, origin: 'ab', target: 'c' },
      ],
    });
    expect(valuesOf(answer)).toEqual([
      [5, 10],
      [null, 10],
    ]);
    expect(answer.rows[0]?.entity).toEqual({ origin: 'a', target: 'bc', customer_id: 1 });
  });
});

describe('statuses', () => {
  const all = { features: ['orders:order_count', 'orders:spend', 'orders:ratio'], entities: [{ customer_id: 1 }] };

  it('PRESENT for stored values, nulls too', async () => {
    await api.rows.store('orders', [1n], { values: [7n, null, 0.25] });
    const answer = await ask(all);
    expect(valuesOf(answer)).toEqual([[7, null, 0.25]]);
    expect(statusesOf(answer)).toEqual([['PRESENT', 'PRESENT', 'PRESENT']]);
  });

  it('a stored null stays null where the feature has a default', async () => {
    await api.rows.store('orders', [1n], { values: [null, null, null] });
    const answer = await ask(all);
    expect(valuesOf(answer)).toEqual([[null, null, null]]);
    expect(statusesOf(answer)).toEqual([['PRESENT', 'PRESENT', 'PRESENT']]);
  });

  it('MISSING with the declared default, else null, without a row', async () => {
    const answer = await ask(all);
    expect(valuesOf(answer)).toEqual([[0, null, 0.5]]);
    expect(statusesOf(answer)).toEqual([['MISSING', 'MISSING', 'MISSING']]);
  });

  it('MISSING for a tombstone, however old', async () => {
    await api.rows.store('orders', [1n], { deleted: true, eventTimeMillis: nowMillis - 9 * hourMillis });
    const answer = await ask(all);
    expect(valuesOf(answer)).toEqual([[0, null, 0.5]]);
    expect(statusesOf(answer)).toEqual([['MISSING', 'MISSING', 'MISSING']]);
  });

  it('PRESENT at exactly the ttl and EXPIRED one millisecond later, with the default', async () => {
    await api.rows.store('orders', [1n], { values: [7n, 1, 0.25], eventTimeMillis: nowMillis - hourMillis });
    await api.rows.store('orders', [2n], { values: [7n, 1, 0.25], eventTimeMillis: nowMillis - hourMillis - 1 });
    const answer = await ask({ ...all, entities: [{ customer_id: 1 }, { customer_id: 2 }] });
    expect(valuesOf(answer)).toEqual([
      [7, 1, 0.25],
      [0, null, 0.5],
    ]);
    expect(statusesOf(answer)).toEqual([Array(3).fill('PRESENT'), Array(3).fill('EXPIRED')]);
  });

  it('never EXPIRED for static rows and views without ttl', async () => {
    await api.rows.store('everything', [1n], { values: [1, ...Array(8).fill(null)], eventTimeMillis: 0 });
    await api.rows.store('orders', [1n], { values: [7n, 1, 0.25], eventTimeMillis: null });
    const answer = await ask({ features: ['everything:a_int32', 'orders:spend'], entities: [{ customer_id: 1 }] });
    expect(statusesOf(answer)).toEqual([['PRESENT', 'PRESENT']]);
  });

  it('DEFAULT and ERROR by the marks of the row', async () => {
    await api.rows.store('orders', [1n], { values: [0n, null, 0.25], marks: 'de.' });
    const answer = await ask(all);
    expect(valuesOf(answer)).toEqual([[0, null, 0.25]]);
    expect(statusesOf(answer)).toEqual([['DEFAULT', 'ERROR', 'PRESENT']]);
  });

  it.each([
    ['another layout', 'ffffffff[1,0,null,1,2,3]'],
    ['no JSON', '11111111[1,0,nul'],
    ['too many values', '11111111[1,0,null,"1",2,3,4]'],
  ])('ERROR without a default, counted, for a row of %s', async (_, text) => {
    await api.rows.storeText('orders', '1|customer|l1:1|', text);
    const answer = await ask(all);
    expect(valuesOf(answer)).toEqual([[null, null, null]]);
    expect(statusesOf(answer)).toEqual([['ERROR', 'ERROR', 'ERROR']]);
    expect(answer.meta.partial).toBe(false);
    expect(api.facts[0]?.served?.counts.unknownLayouts).toBe(1);
  });

  it('ERROR and partial for a key that could not be read, while others are served', async () => {
    api.rows.failing.add('orders@1 1|customer|l1:1|');
    await api.rows.store('orders', [2n], { values: [7n, 1, 0.25] });
    const answer = await ask({ ...all, entities: [{ customer_id: 1 }, { customer_id: 2 }] });
    expect(valuesOf(answer)).toEqual([
      [null, null, null],
      [7, 1, 0.25],
    ]);
    expect(statusesOf(answer)[0]).toEqual(['ERROR', 'ERROR', 'ERROR']);
    expect(answer.meta.partial).toBe(true);
  });

  it('503 when no key could be read', async () => {
    for (const id of [1, 2]) api.rows.failing.add(`orders@1 1|customer|l1:${id}|`);
    const result = await api.post({ ...all, entities: [{ customer_id: 1 }, { customer_id: 2 }] });
    expect(result.statusCode).toBe(503);
    expect(JSON.parse(result.body)).toMatchObject({ code: 'serve.storeUnavailable', status: 503 });
  });

  it('are left out when metadata does not name them, and event times come when it does', async () => {
    await api.rows.store('orders', [1n], { values: [7n, 1, 0.25], eventTimeMillis: nowMillis - 5 });
    const bare = await ask({ ...spend, entities: [{ customer_id: 1 }], metadata: [] });
    expect(bare.rows).toEqual([{ entity: { customer_id: 1 }, values: [1] }]);
    const timed = await ask({
      features: ['orders:spend', 'basket_size:size'],
      entities: [{ customer_id: 1 }, { customer_id: 2 }],
      request: [basket],
      metadata: ['eventTime'],
    });
    expect(timed.rows.map((row) => row.eventTime)).toEqual([
      [new Date(nowMillis - 5).toISOString(), null],
      [null, null],
    ]);
    expect(timed.rows[0]).not.toHaveProperty('status');
  });

  it('are counted for metrics', async () => {
    await api.rows.store('orders', [1n], { values: [0n, null, 0.25], marks: 'de.' });
    await ask({ ...all, entities: [{ customer_id: 1 }, { customer_id: 2 }] });
    expect(Object.fromEntries(api.facts[0]?.statusCounts ?? [])).toEqual({
      DEFAULT: 1,
      ERROR: 1,
      PRESENT: 1,
      MISSING: 3,
    });
  });
});

describe('values on the wire', () => {
  const everything = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes', 'list_int64'].map(
    (type) => `everything:a_${type}`,
  );

  it('every type as documented, int64 with all its digits', async () => {
    const big = 2n ** 63n - 1n;
    const text = 'é "quoted" \\ \u2028 \u0001';
    const instant = Date.parse('2026-02-03T04:05:06.789Z');
    await api.rows.store('everything', [big], {
      values: [-5, big, 0.5, 1e300, text, false, instant, Uint8Array.of(0, 255), [big, null, -1n]],
    });
    const result = await api.post(
      `{"features":${JSON.stringify(everything)},"entities":[{"customer_id":9223372036854775807}]}`,
    );
    expect(result.body).toContain(
      `"values":[-5,9223372036854775807,0.5,1e+300,${JSON.stringify(text)},false,"2026-02-03T04:05:06.789Z","AP8=",[9223372036854775807,null,-1]]`,
    );
    expect(result.body).toContain('"entity":{"customer_id":9223372036854775807}');
  });

  it('int64 as strings on request, in keys, values and lists', async () => {
    await api.rows.store('everything', [9007199254740993n], {
      values: [1, 9007199254740993n, 1, 1, '', true, 0, Uint8Array.of(), [9007199254740993n]],
    });
    const answer = await ask({
      features: ['everything:a_int64', 'everything:a_list_int64', 'everything:a_int32'],
      entities: [{ customer_id: '9007199254740993' }],
      int64: 'string',
    });
    expect(answer.rows[0]).toMatchObject({
      entity: { customer_id: '9007199254740993' },
      values: ['9007199254740993', ['9007199254740993'], 1],
    });
  });

  it('tells apart keys that a float64 cannot', async () => {
    await api.rows.store('orders', [9007199254740993n], { values: [1n, 93, 0] });
    await api.rows.store('orders', [9007199254740992n], { values: [1n, 92, 0] });
    const result = await api.post(
      '{"features":["orders:spend"],"entities":[{"customer_id":9007199254740993},{"customer_id":9007199254740992}]}',
    );
    expect(JSON.parse(result.body).rows.map((row: { values: unknown[] }) => row.values)).toEqual([[93], [92]]);
  });

  it('NaN and infinities as strings', async () => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const [id, value] of special.entries())
      await api.rows.store('orders', [BigInt(id)], { values: [0n, value, value] });
    const answer = await ask({
      features: ['orders:spend', 'orders:ratio'],
      entities: [0, 1, 2].map((id) => ({ customer_id: id })),
    });
    expect(valuesOf(answer)).toEqual(['NaN', 'Infinity', '-Infinity'].map((text) => [text, text]));
  });
});

describe('on-demand features', () => {
  const share = { features: ['basket_features:share', 'risk:risky'] };

  it('take one request item for all entities, or one for each', async () => {
    await api.rows.store('orders', [1n], { values: [1n, 10, 0] });
    await api.rows.store('orders', [2n], { values: [1n, 20, 0] });
    const entities = [{ customer_id: 1 }, { customer_id: 2 }];
    expect(valuesOf(await ask({ ...share, entities, request: [basket] }))).toEqual([
      [3, true],
      [1.5, false],
    ]);
    const each = await ask({ ...share, entities, request: [basket, { ...basket, amount: 60 }] });
    expect(valuesOf(each)).toEqual([
      [3, true],
      [3, true],
    ]);
  });

  it('see defaults for rows that are missing or expired', async () => {
    await api.rows.store('orders', [1n], { values: [5n, 10, 0], eventTimeMillis: nowMillis - 2 * hourMillis });
    const answer = await ask({
      features: ['basket_features:share', 'basket_features:voucher_plus_orders'],
      entities: [{ customer_id: 1 }, { customer_id: 2 }],
      request: [{ ...basket, voucher: null }],
    });
    expect(valuesOf(answer)).toEqual([
      [null, 0],
      [null, 0],
    ]);
    expect(statusesOf(answer)).toEqual([
      ['PRESENT', 'PRESENT'],
      ['PRESENT', 'PRESENT'],
    ]);
  });

  it('get request integers beyond 2^53 exactly, and the one instant of the request', async () => {
    const result = await api.post(
      '{"features":["basket_features:voucher_plus_orders","basket_size:hour"],"entities":[{"customer_id":1}],"request":[{"amount":1,"voucher":9007199254740993,"sizes":[]}]}',
    );
    expect(result.body).toContain(`"values":[9007199254740993,${new Date(nowMillis).getUTCHours()}]`);
  });

  it('are ERROR where their transform throws, and so is what reads them; others are served', async () => {
    await api.rows.store('orders', [1n], { values: [1n, 10, 0] });
    const answer = await ask({
      features: ['basket_features:share', 'orders:spend', 'basket_size:size'],
      entities: [{ customer_id: 1 }],
      request: [{ ...basket, amount: -1 }],
    });
    expect(valuesOf(answer)).toEqual([[null, 10, 3]]);
    expect(statusesOf(answer)).toEqual([['ERROR', 'PRESENT', 'PRESENT']]);
    expect(api.facts[0]?.served?.counts.transformErrors).toBe(1);
  });

  it('are ERROR where a row that feeds them, directly or not, could not be read', async () => {
    api.rows.failing.add('orders@1 1|customer|l1:1|');
    const answer = await ask({
      features: ['risk:risky', 'basket_features:share', 'basket_size:size'],
      entities: [{ customer_id: 1 }, { customer_id: 2 }],
      request: [basket],
    });
    expect(statusesOf(answer)).toEqual([
      ['ERROR', 'ERROR', 'PRESENT'],
      ['PRESENT', 'PRESENT', 'PRESENT'],
    ]);
    expect(valuesOf(answer)[0]).toEqual([null, null, 3]);
  });
});

it('answers a problem instead of a body that Lambda could not send', async () => {
  const values = [1, 1n, 1, 1, '"'.repeat(30_000), true, 0, Uint8Array.of(), []];
  await api.rows.store('everything', [1n], { values });
  const features = ['everything:a_string'];
  const entities = Array(100).fill({ customer_id: 1 });
  const result = await api.post({ features, entities });
  expect(result.statusCode).toBe(413);
  expect(JSON.parse(result.body)).toMatchObject({ code: 'serve.tooLarge' });
  expect((await api.post({ features, entities: entities.slice(0, 40) })).statusCode).toBe(200);
});
