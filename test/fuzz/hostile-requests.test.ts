import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectClear, post } from './check-answer.ts';
import { type FuzzApi, fuzzToken, startFuzzApi } from './fuzz-api.ts';
import { validRequests } from './valid-requests.ts';

let api: FuzzApi;
const faults: unknown[] = [];
beforeAll(async () => {
  api = await startFuzzApi((fault) => faults.push(fault));
});
afterAll(() => api.stop());

const paths = [...new Set(validRequests.map(({ path }) => path))];
const isFeast = (path: string): boolean => !path.startsWith('/v1/');

/** Sends bytes as they are, and reads until the server closes. */
const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(api.port, '127.0.0.1', () => socket.write(text, 'latin1'));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
const request = (line: string, headers: readonly string[] = [], body = ''): Promise<string> =>
  raw(
    [
      `${line} HTTP/1.1`,
      'host: fuzz',
      'connection: close',
      `authorization: Bearer ${fuzzToken}`,
      ...headers,
      `content-length: ${Buffer.byteLength(body, 'latin1')}`,
      '',
      body,
    ].join('\r\n'),
  );
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

const text = (value: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(value));
const bodies: readonly (readonly [name: string, body: Uint8Array<ArrayBuffer>])[] = [
  ['nothing', text('')],
  ['blanks', text(' \n\t ')],
  ['no JSON', text('service=checkout&entities=7')],
  ['XML', text('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>')],
  ['half of a JSON text', text('{"entities":[{"customer_id":')],
  ['JSON and more', text('{}{}')],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
  ['UTF-16', new Uint8Array(Buffer.from('{"service":"checkout"}', 'utf16le'))],
  ['gzip', new Uint8Array(gzipSync('{"service":"checkout"}'))],
  ['a byte order mark', text('\ufeff{"service":"checkout"}')],
  ['NUL', text('\u0000')],
  ['lists 100,000 deep', text(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)],
  ['lists 100,000 deep that never end', text('['.repeat(100_000))],
  ['lists 100,000 deep around many digits', text(`${'['.repeat(100_000)}12345678901234567890${']'.repeat(100_000)}`)],
  ['a million elements', text(`[${'1,'.repeat(999_999)}1]`)],
];

it.each(bodies)('a body of %s is refused in clear words by every route that takes one', async (_, body) => {
  for (const path of paths) {
    const answer = await post(api.url + path, body);
    expectClear(answer, isFeast(path), path);
    expect([path, answer.status]).toEqual([
      path,
      expect.toSatisfy((status) => status === 400 || status === 422 || status === 413),
    ]);
  }
  expect(faults.splice(0)).toEqual([]);
});

const many = Array<number>(400_000).fill(1);
it.each([
  ['/v1/online-features', { service: 'shelves', entities: many }],
  ['/v1/online-features', { features: many, entities: [{ region: 'a', shelf: 1 }] }],
  ['/v1/online-features', { service: 'checkout', entities: [{ customer_id: 7 }], request: many }],
  ['/v1/training-sets', { spine: 'training-sets/labels.csv', features: many }],
  ['/v1/push/clicks', { events: many }],
  ['/v1/push/clicks', { events: [Object.fromEntries(many.map((one, at) => [at, one]))] }],
  ['/v1/push/clicks', { events: [{ ['"'.repeat(2_000_000)]: 1 }] }],
  ['/get-online-features', { features: many, entities: { customer_id: [7] } }],
  ['/get-online-features', { features: ['everything:an_int64'], entities: { customer_id: many } }],
  ['/push', { push_source_name: 'clicks', df: Object.fromEntries(many.map((one, at) => [at, one])) }],
  ['/push', { push_source_name: 'clicks', df: Object.fromEntries(many.map((one, at) => [at, [one]])) }],
  ['/push', { push_source_name: '"'.repeat(2_000_000), df: {} }],
  ['/materialize', { feature_views: many, disable_event_timestamp: true }],
])('%s with hundreds of thousands of members that are wrong says so in few words', async (path, body) => {
  const answer = await post(api.url + path, JSON.stringify(body));
  expectClear(answer, isFeast(path), path);
  expect(answer.text.length).toBeLessThan(20_000);
  expect(faults.splice(0)).toEqual([]);
});

it.each([7, 11])('a body of %i MB is 413 on every route', async (megabytes) => {
  const body = text(JSON.stringify({ entities: ['x'.repeat(megabytes * 1024 * 1024)] }));
  for (const path of paths) {
    const answer = await post(api.url + path, body);
    expect([path, answer.status]).toEqual([path, 413]);
    expectClear(answer, isFeast(path) && megabytes < 10, path);
  }
});

it('of a member that stands twice the last one counts, as with every JSON parser', async () => {
  const one = JSON.stringify({ service: 'checkout', entities: [{ customer_id: 7 }], request: [{ amount: 1 }] });
  const twice = await post(`${api.url}/v1/online-features`, one.replace('{', '{"service":"unknown",'));
  expect(twice.status, twice.text).toBe(200);
  const wrong = await post(`${api.url}/v1/online-features`, one.replace(/\}$/, ',"service":"unknown"}'));
  expectClear(wrong, false, 'twice');
  expect(wrong.status).toBe(404);
});

it.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'nonsense',
  '',
])('content type %j changes nothing: bodies are JSON', async (type) => {
  for (const { path, body } of validRequests) {
    const answer = await post(api.url + path, JSON.stringify(body), { 'content-type': type });
    expect(answer.status, answer.text).toBeLessThan(300);
  }
});

it.each([
  ['accept: application/x-npy;q=NaN, */*;q=99'],
  ['accept: \u00ff\u00fe/\u00fd'],
  [`accept: ${'a/b,'.repeat(3000)}`],
  ['accept-encoding: nonsense'],
  ['content-encoding: gzip'],
  ['x-request-id: \u00e9\u00e9 {"a":1} \t ../../etc'],
  [`x-request-id: ${'i'.repeat(8000)}`],
  ['traceparent: 00-zz-zz-00'],
  ['if-none-match: "'],
  ['authorization: Bearer'],
  ['x-forwarded-for: 127.0.0.1', 'x-forwarded-host: evil', 'forwarded: for=_'],
  [...Array.from({ length: 500 }, (_, at) => `x-h${at}: ${at}`)],
  ['__proto__: 1', 'constructor: 2', 'toString: 3'],
])('headers %j hurt nobody', async (...headers) => {
  const body = JSON.stringify({ service: 'shelves', entities: [{ region: 'a', shelf: 1 }] });
  for (const line of ['POST /v1/online-features', 'POST /get-online-features', 'GET /v1/feature-views']) {
    const answer = await request(line, headers, line.startsWith('GET') ? '' : body);
    expect([line, statusOf(answer)]).toEqual([line, expect.toSatisfy((status) => status >= 200 && status < 500)]);
  }
  expect(faults.splice(0)).toEqual([]);
});

it.each(['0', '-1', '1.5', '1e3', '60001', 'soon', '٣'])('a deadline of %s is refused', async (millis) => {
  const bytes = Buffer.from(millis).toString('latin1');
  const answer = await request('POST /v1/online-features', [`x-tidemark-deadline-ms: ${bytes}`], '{}');
  expect(statusOf(answer)).toBe(400);
  expect(answer).toContain('http.badDeadline');
});

it.each([
  'GET /%',
  'GET /%zz/%00',
  'GET /v1/feature-views/%',
  'GET /v1/feature-views/%ff%fe',
  'GET /v1/feature-views/%00',
  'GET /v1/feature-views/__proto__',
  'GET /v1/feature-views/constructor@1',
  'GET /v1/feature-services/..%2f..%2fetc%2fpasswd',
  'GET /v1/feature-services/a@999999999999999999999',
  'GET /v1/training-sets/..%2f..%2fsources',
  'GET /v1/training-sets/%E2%80%AE',
  'POST /v1/push/__proto__',
  'POST /v1/push/%00',
  `GET /v1/feature-views/${'v'.repeat(8000)}`,
  'GET ///////',
  'GET /../../etc/passwd',
  'GET /V1/Feature-Views',
])('%s is 400, 403 or 404, in clear words', async (line) => {
  const answer = await request(line);
  expect([400, 403, 404], answer).toContain(statusOf(answer));
  const [, body = ''] = answer.split('\r\n\r\n');
  expectClear({ status: statusOf(answer), text: body }, false, line);
  expect(faults.splice(0)).toEqual([]);
});

it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])(
  '%s is 405 where there is a route',
  async (method) => {
    for (const path of paths) expect([path, statusOf(await request(`${method} ${path}`))]).toEqual([path, 405]);
  },
);

it.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['a header of 17 kB', `GET /v1/health HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(17_000)}\r\n\r\n`],
  ['two lengths', 'POST /push HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
  [
    'a length and chunks',
    'POST /push HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a negative length', 'POST /push HTTP/1.1\r\nhost: a\r\ncontent-length: -2\r\n\r\n{}'],
  ['a header without a name', 'GET /v1/health HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n'],
  ['NUL in a header', 'GET /v1/health HTTP/1.1\r\nhost: a\r\nx: \u0000\r\n\r\n'],
  ['no host', 'GET /v1/health HTTP/1.1\r\n\r\n'],
])('%s is refused, and the connection closed', async (_, bytes) => {
  expect(statusOf(await raw(bytes))).toSatisfy((status: number) => status >= 400 && status < 500);
});
