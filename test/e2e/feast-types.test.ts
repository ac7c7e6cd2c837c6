import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callFeast, type FeastCall, type FeastResult } from '../support/feast-client.ts';
import { repository, storeRows } from '../unit/feast/feast-shop.ts';
import { serveApi } from '../unit/serve/serve-api.ts';

/** Every type of value that the flights have none of, read by the SDK from the handler itself behind a socket. */
const types = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes', 'list_int64'];
const everything = types.map((type) => `everything:a_${type}`);
const calls = {
  types: { features: everything, rows: [{ customer_id: 1 }] },
  nulls: { features: everything.slice(0, -1), rows: [{ customer_id: 2 }] },
  missing: { features: everything, rows: [{ customer_id: 99 }] },
  composite: {
    features: ['lane_stats:minutes'],
    rows: [
      { origin: 'a', target: 'bc' },
      { origin: 'ab', target: 'c' },
    ],
  },
  service: { service: 'lanes', rows: [{ origin: 'a', target: 'bc', customer_id: 2 }], full_names: true },
  onDemand: { features: ['basket_features:share'], rows: [{ customer_id: 1, amount: 30, voucher: 1, sizes: [1, 2] }] },
  int64: { features: ['orders:order_count', 'orders:spend'], rows: [{ customer_id: 2 }, { customer_id: 3 }] },
  collision: { features: ['orders:spend', 'orders:spend'], rows: [{ customer_id: 1 }] },
  fraction: { features: ['orders:spend'], rows: [{ customer_id: 1.5 }] },
} as const satisfies Readonly<Record<string, FeastCall>>;

const api = serveApi(repository);
const server = createServer((request, response) => void answer(request, response));
const home = mkdtempSync(join(tmpdir(), 'tidemark-feast-'));
let results: Readonly<Record<keyof typeof calls, FeastResult>>;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { authorization = '' } = request.headers;
  const body = Buffer.concat(chunks).toString('utf8');
  const result = await api.call(request.method ?? '', request.url ?? '', { headers: { authorization }, body });
  response.writeHead(result.statusCode, result.headers).end(result.body);
}

beforeAll(async () => {
  await storeRows(api.rows);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const target = { apiUrl: `http://127.0.0.1:${port}/`, apiToken: 'right' };
  const answers = await callFeast(target, home, Object.values(calls));
  results = Object.fromEntries(Object.keys(calls).map((name, index) => [name, answers[index]])) as typeof results; // one of each
});
afterAll(() => {
  server.close();
  rmSync(home, { recursive: true, force: true });
});

describe("Feast's SDK", () => {
  it('reads every type: whole floats as floats, int64 with all digits, timestamps as seconds, lists', () => {
    expect(results.types.columns).toEqual({
      customer_id: [1],
      a_int32: [-7],
      a_int64: [-9223372036854775807n],
      a_float32: [16777216],
      a_float64: [1e300],
      a_string: ['ü "quoted"\n'],
      a_bool: [true],
      a_timestamp: [1735787045],
      a_bytes: ['AAEC'],
      a_list_int64: [[9007199254740993n, -1]],
    });
  });

  it('reads nulls, and nothing of an entity that there is not', () => {
    const nulls = { a_int32: [null], a_int64: [null], a_float32: [null], a_timestamp: [null], a_bytes: [null] };
    expect(results.nulls.columns).toEqual({
      customer_id: [2],
      ...nulls,
      a_float64: [3],
      a_string: [''],
      a_bool: [false],
    });
    const { customer_id: key, ...values } = results.missing.columns ?? {};
    expect(key).toEqual([99]);
    expect(new Set(Object.values(values).flat())).toEqual(new Set([null]));
  });

  it('reads by composite keys, a service over entities, features on demand', () => {
    expect(results.composite.columns).toEqual({ origin: ['a', 'ab'], target: ['bc', 'c'], minutes: [30, null] });
    expect(results.service.columns).toMatchObject({ lane_stats__minutes: [30], orders__spend: [0.1] });
    expect(results.onDemand.columns).toEqual({ customer_id: [1], share: [3] });
  });

  it('reads int64 beyond 2^53, and infinities by name', () => {
    expect(results.int64.columns).toMatchObject({ order_count: [9007199254740993n, null], spend: [0.1, 'Infinity'] });
  });

  it('raises what is wrong with a request, at the first try', () => {
    expect(results.collision.error).toBe('FeatureNameCollisionError');
    expect(results.fraction).toEqual({ error: 'FeastError', message: expect.stringContaining('1.5') });
    expect(api.bodies).toHaveLength(Object.keys(calls).length);
  });
});
