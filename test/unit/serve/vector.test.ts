import { beforeEach, describe, expect, it } from 'vitest';
import { problemSchema } from '#lambdas/http/problem.ts';
import { type VectorResponse, vectorResponseSchema } from '#lambdas/serve-features/event.ts';
import { findService } from '#spec/find.ts';
import { serveApi } from './serve-api.ts';
import { repository } from './shop.ts';

const vector = { format: 'vector', entities: [{ customer_id: 1 }] };
const orders = { ...vector, features: ['orders:spend', 'orders:order_count', 'orders:ratio'] };
const basket = { amount: 30, voucher: 1, sizes: [1] };

let api: ReturnType<typeof serveApi>;
beforeEach(() => {
  api = serveApi();
});

/** The answer, which must have the documented shape. */
async function ask(body: object | string): Promise<VectorResponse> {
  const result = await api.post(body);
  expect([result.statusCode, result.statusCode === 200 ? '' : result.body]).toEqual([200, '']);
  return vectorResponseSchema.parse(JSON.parse(result.body));
}
async function errorsOf(body: object): Promise<Record<string, string>> {
  const result = await api.post(body);
  expect(result.statusCode).toBe(400);
  const { errors } = problemSchema.parse(JSON.parse(result.body));
  return Object.fromEntries((errors ?? []).map(({ pointer, message }) => [pointer, message]));
}

describe('a vector', () => {
  it('has the order of the service version, bools as 1 and 0', async () => {
    await api.rows.store('orders', [1n], { values: [4n, 10, 0] });
    await api.rows.store('orders', [2n], { values: [5n, 20, 0] });
    const entities = [{ customer_id: 1 }, { customer_id: 2 }];
    const answer = await ask({ ...vector, service: 'checkout@1', entities, request: [basket] });
    expect(answer.names).toEqual(findService(repository.manifest, 'checkout@1').features.map(({ name }) => name));
    expect(answer.rows).toEqual([
      { entity: { customer_id: 1 }, vector: [1, 4, 3], status: ['PRESENT', 'PRESENT', 'PRESENT'] },
      { entity: { customer_id: 2 }, vector: [0, 5, 1.5], status: ['PRESENT', 'PRESENT', 'PRESENT'] },
    ]);
    expect(answer.meta).toMatchObject({ service: 'checkout', version: 1 });
  });

  it('has the order of the request where features are listed', async () => {
    await api.rows.store('orders', [1n], { values: [4n, 10, 0.25] });
    expect((await ask(orders)).rows[0]?.vector).toEqual([10, 4, 0.25]);
    const turned = await ask({ ...orders, features: orders.features.toReversed() });
    expect(turned.names).toEqual(['orders__ratio', 'orders__order_count', 'orders__spend']);
    expect(turned.rows[0]?.vector).toEqual([0.25, 4, 10]);
  });

  it('holds every digit of int64, and NaN and infinities as strings', async () => {
    await api.rows.store('orders', [1n], { values: [9223372036854775807n, Number.NaN, Number.NEGATIVE_INFINITY] });
    const { body } = await api.post({ ...orders, fill: 0 });
    expect(body).toContain('"vector":["NaN",9223372036854775807,"-Infinity"],"filled":[]');
  });

  it('keeps nulls, and says nothing of fills, where none is sent', async () => {
    await api.rows.store('orders', [1n], { values: [null, null, 0.25] });
    const answer = await ask(orders);
    expect(answer.rows[0]?.vector).toEqual([null, null, 0.25]);
    expect(answer.rows[0]).not.toHaveProperty('filled');
    expect(answer.meta).not.toHaveProperty('fill');
  });

  it('is written beside rows of the same plan, each in its own form', async () => {
    await api.rows.store('orders', [1n], { values: [4n, 10, 0.25] });
    const { format: _, ...rows } = orders;
    await ask(orders);
    for (const request of [rows, { ...rows, format: 'rows' }]) {
      const [row] = JSON.parse((await api.post(request)).body).rows;
      expect(row).toEqual({
        entity: { customer_id: 1 },
        values: [10, 4, 0.25],
        status: ['PRESENT', 'PRESENT', 'PRESENT'],
      });
    }
    expect((await ask({ ...orders, metadata: [] })).rows).toEqual([
      { entity: { customer_id: 1 }, vector: [10, 4, 0.25] },
    ]);
  });
});

describe('a fill', () => {
  it('stands for every null whatever its status, at the positions that the row lists, and is recorded', async () => {
    await api.rows.store('orders', [1n], { values: [null, null, 0.25] });
    const failing = await api.rows.store('orders', [3n], { values: [1n, 1, 1] });
    api.rows.failing.add(failing);
    const entities = [1, 2, 3].map((id) => ({ customer_id: id }));
    const { rows, meta } = await ask({ ...orders, entities, fill: -1.5 });
    expect(rows.map((row) => row.vector)).toEqual([
      [-1.5, -1.5, 0.25],
      [-1.5, 0, 0.5], // declared defaults are values
      [-1.5, -1.5, -1.5],
    ]);
    expect(rows.map((row) => row.filled)).toEqual([[0, 1], [0], [0, 1, 2]]);
    expect(rows.map((row) => row.status?.[0])).toEqual(['PRESENT', 'MISSING', 'ERROR']);
    expect(meta).toMatchObject({ fill: -1.5, partial: true });
  });

  it('that fills nothing leaves an empty list', async () => {
    await api.rows.store('orders', [1n], { values: [0n, 0, 0] });
    const { rows, meta } = await ask({ ...orders, fill: 0 });
    expect(rows[0]).toMatchObject({ vector: [0, 0, 0], filled: [] });
    expect(meta.fill).toBe(0);
  });

  it('is of its request alone', async () => {
    expect((await ask({ ...orders, fill: 7 })).rows[0]?.vector[0]).toBe(7);
    expect((await ask({ ...orders, fill: 8 })).rows[0]?.vector[0]).toBe(8);
    expect((await ask(orders)).rows[0]?.vector[0]).toBeNull();
  });
});

describe('refused', () => {
  it('features that are neither numeric nor bool, by name', async () => {
    const types = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes', 'list_int64'];
    const { '/format': message } = await errorsOf({ ...vector, features: types.map((type) => `everything:a_${type}`) });
    expect(message).toContain(
      'not everything__a_string (string), everything__a_timestamp (timestamp), everything__a_bytes (bytes), everything__a_list_int64 (list<int64>);',
    );
  });

  it.each([{ fill: 0 }, { fill: 0, format: 'rows' }])('a fill without format vector: %j', async (members) => {
    const { format: _, ...rows } = orders;
    expect(await errorsOf({ ...rows, ...members })).toEqual({
      '/fill': 'is only for vectors; send format "vector" with it, or leave it out',
    });
  });

  it.each([null, '0', true, [0]])('a fill that is no number: %j', async (fill) => {
    expect(await errorsOf({ ...orders, fill })).toEqual({ '/fill': 'must be a number' });
  });

  it('a fill beyond float64', async () => {
    const result = await api.post(JSON.stringify({ ...orders, fill: 0 }).replace('"fill":0', '"fill":1e999'));
    expect([result.statusCode, JSON.parse(result.body).errors[0].pointer]).toEqual([400, '/fill']);
  });

  it('other formats, and int64 as strings in a vector', async () => {
    expect(await errorsOf({ ...orders, format: 'matrix' })).toEqual({
      '/format': 'must be one of "rows", "columns", "vector"',
    });
    expect(await errorsOf({ ...orders, int64: 'string' })).toEqual({
      '/int64': 'must be "number" in a vector, which holds no strings; leave it out',
    });
  });
});
