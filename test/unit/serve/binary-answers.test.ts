import { decode } from '@msgpack/msgpack';
import { beforeEach, describe, expect, it } from 'vitest';
import { startHttpServer } from '#lambdas/http/http-server.ts';
import { answerEncoding } from '#lambdas/serve-features/answer-encoding.ts';
import type { Value } from '#spec/value-type.ts';
import { serveApi } from './serve-api.ts';
import { hourMillis, nowMillis } from './shop.ts';

const types = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes', 'list_int64'];
const everything = types.map((type) => `everything:a_${type}`);
const orders = ['orders:order_count', 'orders:spend', 'orders:ratio'];
const entities = [{ customer_id: 1 }, { customer_id: 2 }];
const big = 9223372036854775807n;
const stored: readonly Value[] = [-7, big, 0.1, 0.1, 'ü'.repeat(40), true, -1, new Uint8Array([0, 255]), [big, null]];
const basket = { amount: 30, voucher: 1, sizes: [1] };

let api: ReturnType<typeof serveApi>;
beforeEach(() => {
  api = serveApi();
});
const post = (accept: string, body: object) =>
  api.call('POST', '/v1/online-features', { body: JSON.stringify(body), headers: { Accept: accept } });
async function bytesOf(accept: string, body: object): Promise<Uint8Array> {
  const result = await post(accept, body);
  expect([result.statusCode, result.isBase64Encoded, result.headers['content-type']], result.body).toEqual([
    200,
    true,
    accept,
  ]);
  return new Uint8Array(Buffer.from(result.body, 'base64'));
}
const msgpack = async (body: object) => decode(await bytesOf('application/msgpack', body), { useBigInt64: true });
async function errorsOf(accept: string, body: object): Promise<Record<string, string>> {
  const result = await post(accept, body);
  expect([result.statusCode, result.isBase64Encoded]).toEqual([400, undefined]);
  const { errors } = JSON.parse(result.body) as { errors: { pointer: string; message: string }[] }; // a problem
  return Object.fromEntries(errors.map(({ pointer, message }) => [pointer, message]));
}

describe('accept: application/msgpack', () => {
  it('has the members of the JSON answer, with values of their own types', async () => {
    await api.rows.store('everything', [1n], { eventTimeMillis: nowMillis - hourMillis, values: stored });
    const metadata = ['status', 'eventTime', 'ageMillis', 'version', 'type'];
    const asked = { features: everything, entities, metadata };
    const json = JSON.parse((await api.post(asked)).body);
    const at = new Date(nowMillis - hourMillis);
    expect(await msgpack(asked)).toEqual({
      names: json.names,
      versions: json.versions,
      types: json.types,
      rows: [
        {
          entity: { customer_id: 1n },
          values: [
            -7,
            big,
            Math.fround(0.1),
            0.1,
            'ü'.repeat(40),
            true,
            new Date(-1),
            new Uint8Array([0, 255]),
            [big, null],
          ],
          status: json.rows[0].status,
          eventTime: types.map(() => at),
          ageMillis: types.map(() => BigInt(hourMillis)),
        },
        {
          entity: { customer_id: 2n },
          values: types.map(() => null),
          status: json.rows[1].status,
          eventTime: types.map(() => null),
          ageMillis: types.map(() => null),
        },
      ],
      meta: { ...json.meta, asOf: new Date(nowMillis) },
    });
  });

  it('keeps the type of a number whatever its value: no int64 of 1 as a small int, no whole float as an int', async () => {
    await api.rows.store('orders', [1n], { values: [1n, 10, Number.NaN] });
    const bytes = Buffer.from(
      await bytesOf('application/msgpack', { features: orders, entities: entities.slice(0, 1), metadata: [] }),
    );
    const values = bytes.indexOf('values') + 'values'.length;
    expect(bytes.subarray(values, values + 24).toString('hex')).toBe(
      `93d30000000000000001cb4024000000000000ca7fc00000`,
    );
  });

  it('comes by column and as vectors too, with fills', async () => {
    await api.rows.store('orders', [1n], { values: [4n, null, 0.5] });
    const columns = await msgpack({ features: orders, entities, format: 'columns' });
    expect(columns).toMatchObject({
      entities: { customer_id: [1n, 2n] },
      columns: [
        [4n, 0n],
        [null, null],
        [0.5, 0.5],
      ],
      status: [
        ['PRESENT', 'MISSING'],
        ['PRESENT', 'MISSING'],
        ['PRESENT', 'MISSING'],
      ],
    });
    const vectors = { features: orders, entities, format: 'vector', fill: -1 };
    const json = JSON.parse((await api.post(vectors)).body);
    expect(await msgpack(vectors)).toMatchObject({
      rows: [
        { vector: [4n, -1, 0.5], filled: [1] },
        { vector: [0n, -1, 0.5], filled: [1] },
      ],
      meta: { vectorHash: json.meta.vectorHash, fill: -1 },
    });
    await api.rows.store('orders', [1n], { values: [4n, 10, 0] });
    const checkout = { service: 'checkout', entities: entities.slice(0, 1), request: [basket], format: 'vector' };
    expect(await msgpack(checkout)).toMatchObject({ rows: [{ vector: [1, 4n, 3] }] }); // a bool is 1
  });

  it('holds 100 entities, whose list has another head', async () => {
    const many = Array.from({ length: 100 }, (_, id) => ({ customer_id: id }));
    expect(await msgpack({ features: orders, entities: many })).toMatchObject({ rows: { length: 100 } });
  });

  it('refuses int64 as strings, and answers problems as JSON', async () => {
    expect(await errorsOf('application/msgpack', { features: orders, entities, int64: 'string' })).toEqual({
      '/int64': 'must be "number" in msgpack, which has int64; leave it out',
    });
  });
});

/** Reads a .npy file as NumPy's format says. */
function npy(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  expect(Buffer.from(bytes.subarray(0, 8)).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  const start = 10 + view.getUint16(8, true);
  expect(start % 64).toBe(0);
  const header = Buffer.from(bytes.subarray(10, start)).toString('latin1');
  const [, width, rows, columns] =
    /^\{'descr': '<f(4|8)', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \} *\n$/.exec(header)?.map(Number) ?? [];
  const read = (index: number) =>
    width === 4 ? view.getFloat32(start + 4 * index, true) : view.getFloat64(start + 8 * index, true);
  const numbers = Array.from({ length: (rows ?? 0) * (columns ?? 0) }, (_, index) => read(index));
  expect(bytes.length).toBe(start + numbers.length * (width ?? 0));
  return { width, rows, columns, numbers };
}

describe('accept: application/x-npy', () => {
  it('is a matrix of the vectors, row by row, nulls as NaN', async () => {
    await api.rows.store('orders', [1n], { values: [4n, null, 0.25] });
    const matrix = npy(await bytesOf('application/x-npy', { features: orders, entities: [...entities, ...entities] }));
    const row1 = [4, Number.NaN, 0.25];
    const row2 = [0, Number.NaN, 0.5];
    expect(matrix).toEqual({ width: 8, rows: 4, columns: 3, numbers: [...row1, ...row2, ...row1, ...row2] });
  });

  it('takes a fill and float32, and says in headers what it is', async () => {
    await api.rows.store('orders', [1n], { values: [4n, null, 0.1] });
    const service = { service: 'lanes', entities: [{ origin: 'a', target: 'b', customer_id: 1 }], fill: 7 };
    const result = await post('application/x-npy', { ...service, dtype: 'float32' });
    expect(npy(Buffer.from(result.body, 'base64'))).toEqual({ width: 4, rows: 1, columns: 2, numbers: [7, 7] });
    const { meta } = JSON.parse((await api.post({ ...service, format: 'vector' })).body);
    expect(result.headers).toMatchObject({
      'x-tidemark-as-of': meta.asOf,
      'x-tidemark-vector-hash': meta.vectorHash,
      'x-tidemark-partial': 'false',
      'x-tidemark-service': 'lanes@3',
    });
  });

  it('refuses what is no matrix of numbers, by name', async () => {
    const { '/format': message } = await errorsOf('application/x-npy', { features: everything, entities });
    expect(message).toContain('everything__a_string (string)');
    expect(await errorsOf('application/x-npy', { features: orders, entities, format: 'columns' })).toEqual({
      '/format': 'must be "vector" for application/x-npy; leave it out',
    });
    expect(await errorsOf('application/json', { features: orders, entities, dtype: 'float32' })).toEqual({
      '/dtype': 'is only for accept: application/x-npy; leave it out',
    });
  });
});

describe('what is answered', () => {
  it.each([
    [undefined, 'json'],
    ['*/*', 'json'],
    ['text/html, application/msgpack;q=0.9', 'msgpack'],
    ['application/json, application/msgpack', 'json'],
    ['Application/X-NPY', 'npy'],
    ['application/xml', 'json'],
  ])('to accept %s is %s', (accept, encoding) => {
    expect(answerEncoding(accept)).toBe(encoding);
  });

  it('comes out of the HTTP server as bytes', async () => {
    const server = await startHttpServer(
      async () => ({
        statusCode: 200,
        headers: {},
        body: Buffer.from([0, 255, 128]).toString('base64'),
        isBase64Encoded: true,
      }),
      { host: '127.0.0.1', port: 0 },
    );
    const response = await fetch(`http://127.0.0.1:${server.port}/`);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 128]);
    await server.stop();
  });
});
