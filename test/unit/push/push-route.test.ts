import { describe, expect, it } from 'vitest';
import { pushResponseSchema } from '#lambdas/push-events/event.ts';
import { manifest, order, pushApi, recordsOf, repeating, textOf } from './shop.ts';

const orders = (count: number) => Array.from({ length: count }, (_, index) => order({ order_id: `o-${index}` }));

describe('POST /v1/push/{source}', () => {
  it('answers a result per event, in order, with the counts', async () => {
    const api = pushApi();
    const answer = await api.push([order(), order({ items: 'two' })]);
    expect(answer.statusCode).toBe(200);
    expect(pushResponseSchema.parse(JSON.parse(answer.body))).toEqual({
      results: [
        { status: 'accepted', shard: expect.stringMatching(/^shardId-/), sequence: expect.stringMatching(/^\d{56}$/) },
        { status: 'rejected', error: { code: 'push.wrongType', message: expect.stringContaining('items') } },
      ],
      accepted: 1,
      rejected: 1,
      failed: 0,
      delivery: 'exactlyOnce',
      visibleWithinMillis: 5000,
    });
    expect(api.facts).toEqual([{ source: 'orders', accepted: 1, rejected: 1, failed: 0 }]);
  });

  it('promises exactly once where the source deduplicates, and nowhere else', async () => {
    const deliveries = await Promise.all(
      [manifest, repeating].map(async (of) => JSON.parse((await pushApi(of).push([order()])).body).delivery),
    );
    expect(deliveries).toEqual(['exactlyOnce', 'atLeastOnce']);
  });

  it('takes 500 events, and refuses 501 and none', async () => {
    const api = pushApi();
    expect(JSON.parse((await api.push(orders(500))).body).accepted).toBe(500);
    for (const events of [orders(501), []]) {
      const answer = await api.push(events);
      expect([answer.statusCode, JSON.parse(answer.body).errors[0].pointer]).toEqual([400, '/events']);
    }
    expect(await recordsOf(api.stream)).toHaveLength(500);
  });

  it('keeps all digits of an int64 that stands in the body', async () => {
    const api = pushApi();
    const event = JSON.stringify(order()).replace('"user_id":7', '"user_id":9223372036854775807');
    await api.call('/v1/push/orders', `{"events":[${event}]}`);
    expect((await recordsOf(api.stream)).map(textOf)[0]).toContain('"user_id":9223372036854775807');
  });

  it('answers 200 where some events were not taken', async () => {
    const api = pushApi();
    api.stream.refuses = (record) => textOf(record).includes('"o-0"');
    const answer = await api.push(orders(2));
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      results: [{ status: 'failed', error: { code: 'push.notTaken' } }, { status: 'accepted' }],
      accepted: 1,
      failed: 1,
    });
  });

  it('answers 503 where the stream took none, and counts them as failed', async () => {
    const api = pushApi();
    api.stream.refuses = () => true;
    const answer = await api.push(orders(2));
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(JSON.parse(answer.body).code).toBe('push.streamUnavailable');
    expect(api.facts).toEqual([{ source: 'orders', accepted: 0, rejected: 0, failed: 2 }]);
  });

  const path = '/v1/push/orders';
  it.each([
    [
      'a source that is not there',
      { path: '/v1/push/ordres', body: '{"events":[{}]}', status: 404, code: 'spec.unknownName' },
    ],
    ['a body that is not JSON', { path, body: '{"events":[', status: 400, code: 'http.badJson' }],
    [
      'a body nested beyond all reason',
      { path, body: `{"events":${'['.repeat(2e5)}9007199254740993`, status: 400, code: 'http.badJson' },
    ],
    [
      'a member that is not known',
      { path, body: '{"events":[{}],"to":"online"}', status: 400, code: 'push.invalidRequest' },
    ],
    ['events that are no list', { path, body: '{"events":{}}', status: 400, code: 'push.invalidRequest' }],
    ['a body of more than 5 MiB', { path, body: ' '.repeat(5 * 1024 * 1024 + 1), status: 413, code: 'http.tooLarge' }],
  ])('refuses %s', async (_, request) => {
    const api = pushApi();
    const answer = await api.call(request.path, request.body);
    expect([answer.statusCode, JSON.parse(answer.body).code]).toEqual([request.status, request.code]);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(await recordsOf(api.stream)).toEqual([]);
  });

  it('needs the token', async () => {
    const answer = await pushApi().call('/v1/push/orders', '{"events":[{}]}', 'wrong');
    expect(answer.statusCode).toBe(401);
  });
});
