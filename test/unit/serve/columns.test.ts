import { beforeEach, describe, expect, it } from 'vitest';
import { columnsResponseSchema, valuesResponseSchema } from '#lambdas/serve-features/event.ts';
import { serveApi } from './serve-api.ts';
import { hourMillis, nowMillis } from './shop.ts';

const types = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes', 'list_int64'];
const everything = types.map((type) => `everything:a_${type}`);
const [one, two] = [{ customer_id: 1 }, { customer_id: 2 }];

let api: ReturnType<typeof serveApi>;
beforeEach(() => {
  api = serveApi();
});

/** The answer, which must have the documented shape. */
async function ask(body: object) {
  const result = await api.post({ format: 'columns', ...body });
  expect([result.statusCode, result.statusCode === 200 ? '' : result.body]).toEqual([200, '']);
  return columnsResponseSchema.parse(JSON.parse(result.body));
}

describe('format columns', () => {
  it('lists the values of each feature and each key in the order of the entities', async () => {
    await api.rows.store('orders', [1n], { values: [4n, 10, 0.25] });
    await api.rows.store('orders', [2n], { values: [5n, null, 0.5] });
    const features = ['orders:spend', 'orders:order_count', 'everything:a_bool'];
    const answer = await ask({ features, entities: [two, one, two] });
    expect(answer).toMatchObject({
      names: ['orders__spend', 'orders__order_count', 'everything__a_bool'],
      entities: { customer_id: [2, 1, 2] },
      columns: [
        [null, 10, null],
        [5, 4, 5],
        [null, null, null],
      ],
      status: [Array(3).fill('PRESENT'), Array(3).fill('PRESENT'), Array(3).fill('MISSING')],
    });
  });

  it('holds the very values of format rows, of every type', async () => {
    const values = [
      7,
      9223372036854775807n,
      0.5,
      Number.NaN,
      'a"b',
      true,
      nowMillis,
      new Uint8Array([1, 2]),
      [1n, null],
    ];
    await api.rows.store('everything', [1n], { values });
    const request = { features: everything, entities: [one, two], metadata: ['status', 'eventTime', 'ageMillis'] };
    const columns = await ask({ ...request, int64: 'string' });
    const rows = valuesResponseSchema.parse(JSON.parse((await api.post({ ...request, int64: 'string' })).body)).rows;
    for (const [index, row] of rows.entries()) {
      expect(columns.columns.map((column) => column[index])).toEqual(row.values);
      expect(columns.status?.map((column) => column[index])).toEqual(row.status);
      expect(columns.eventTime?.map((column) => column[index])).toEqual(row.eventTime);
      expect(columns.ageMillis?.map((column) => column[index])).toEqual(row.ageMillis);
    }
    expect(columns.columns[1]).toEqual(['9223372036854775807', null]);
  });

  it('has no more than what was asked for', async () => {
    await api.rows.store('orders', [1n], { eventTimeMillis: nowMillis - hourMillis, values: [4n, 10, 0.25] });
    const answer = await ask({ features: ['orders:spend'], entities: [one], metadata: [] });
    expect(Object.keys(answer)).toEqual(['names', 'entities', 'columns', 'meta']);
  });

  it('refuses a fill, which is for vectors', async () => {
    const { statusCode, body } = await api.post({ format: 'columns', fill: 0, features: everything, entities: [one] });
    expect([statusCode, JSON.parse(body).errors[0].pointer]).toEqual([400, '/fill']);
  });
});

describe('metadata type', () => {
  it('names the type of each value, in every format', async () => {
    const { types: named } = await ask({ features: everything, entities: [one], metadata: ['type'] });
    expect(named).toEqual(types.map((type) => type.replace('list_int64', 'list<int64>')));
    const request = { features: ['orders:spend'], entities: [one], metadata: ['type'] };
    for (const format of ['rows', 'vector'])
      expect(JSON.parse((await api.post({ ...request, format })).body).types).toEqual(['float64']);
  });
});
