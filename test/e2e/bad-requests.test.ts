import { beforeAll, expect, it } from 'vitest';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { type HttpAnswer, type HttpCall, httpCall } from '../support/http-call.ts';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

let flights: DeployedFlights;
beforeAll(async () => {
  flights = await deployedFlights();
});

const call = (path: string, options?: HttpCall): Promise<HttpAnswer> => httpCall(flights.target, path, options);

const entity = { carrier: 'UA', origin: 'EWR', tailnum: 'N14228' };
const good = { service: 'delay_model', entities: [entity], request: [{ distance: 1400 }] };
const post = (body: unknown): HttpCall => ({ method: 'POST', body });
const serving = '/v1/online-features';
const training = '/v1/training-sets';

const cases: readonly (readonly [what: string, path: string, call: HttpCall, status: number, says: RegExp])[] = [
  ['no token', serving, { ...post(good), authorization: null }, 401, /token|authorization/i],
  ['a wrong token', serving, { ...post(good), authorization: 'Bearer nonsense' }, 401, /token/],
  ['a token of another scheme', serving, { ...post(good), authorization: 'Basic dXNlcjpwYXNz' }, 401, /token|Bearer/],
  ['malformed JSON', serving, post('{"service": "delay_model", '), 400, /JSON/],
  ['a body that is no object', serving, post('[1, 2]'), 400, /object/],
  ['an empty body', serving, post(''), 400, /body|empty/],
  ['101 entities', serving, post({ ...good, entities: Array.from({ length: 101 }, () => entity) }), 400, /100/],
  ['no entities', serving, post({ ...good, entities: [] }), 400, /entities/],
  ['an unknown member', serving, post({ ...good, entitys: [] }), 400, /entitys/],
  ['neither service nor features', serving, post({ entities: [entity] }), 400, /service or features/],
  [
    'a key of a wrong type',
    serving,
    post({ ...good, entities: [{ ...entity, carrier: 7 }] }),
    400,
    /carrier must be a string.*got 7/,
  ],
  ['a missing key', serving, post({ ...good, entities: [{ carrier: 'UA', origin: 'EWR' }] }), 400, /tailnum.*missing/],
  ['a null key', serving, post({ ...good, entities: [{ ...entity, tailnum: null }] }), 400, /tailnum.*null/],
  ['an unknown key', serving, post({ ...good, entities: [{ ...entity, plane: 'x' }] }), 400, /plane.*allowed/],
  [
    'no request item',
    serving,
    post({ service: 'delay_model', entities: [entity] }),
    400,
    /request.*distance \(int32\)/,
  ],
  ['a missing request field', serving, post({ ...good, request: [{}] }), 400, /distance.*missing/],
  [
    'a request field of a wrong type',
    serving,
    post({ ...good, request: [{ distance: 'far' }] }),
    400,
    /distance must be a whole number.*far/,
  ],
  [
    'two request items for one entity',
    serving,
    post({ ...good, request: [{ distance: 1 }, { distance: 2 }] }),
    400,
    /2 items for 1/,
  ],
  [
    'an unknown feature',
    serving,
    post({ features: ['weather:humidty'], entities: [{ origin: 'EWR' }] }),
    404,
    /humidity/,
  ],
  ['an unknown view', serving, post({ features: ['wether:humidity'], entities: [{ origin: 'EWR' }] }), 404, /weather/],
  ['an unknown service', serving, post({ ...good, service: 'delay_modle' }), 404, /delay_model/],
  ['an unknown version', serving, post({ ...good, service: 'delay_model@9' }), 404, /delay_model/],
  ['an unknown view by path', '/v1/feature-views/wether', {}, 404, /weather/],
  ['an unknown service by path', '/v1/feature-services/delay_modle', {}, 404, /delay_model/],
  ['training set: no body', training, post(''), 400, /body|empty|JSON/],
  ['training set: malformed JSON', training, post('{"spine":'), 400, /JSON/],
  ['training set: no spine', training, post({ service: 'delay_model' }), 400, /spine/],
  [
    'training set: a spine elsewhere',
    training,
    post({ service: 'delay_model', spine: 's3://elsewhere/spine.csv' }),
    400,
    /bucket/,
  ],
  [
    'training set: a spine that is not there',
    training,
    post({ service: 'delay_model', spine: 'training-sets/none.csv' }),
    404,
    /spine/,
  ],
  [
    'training set: an unknown service',
    training,
    post({ service: 'delay_modle', spine: 'training-sets/none.csv' }),
    404,
    /delay_model/,
  ],
  [
    'training set: service and features',
    training,
    post({ service: 'delay_model', features: ['weather:humidity'], spine: 'training-sets/x.csv' }),
    400,
    /both/,
  ],
  [
    'training set: a bad lag',
    training,
    post({ service: 'delay_model', spine: 'training-sets/x.csv', lag: 'soon' }),
    400,
    /soon/,
  ],
  [
    'training set: an unknown mode',
    training,
    post({ service: 'delay_model', spine: 'training-sets/x.csv', mode: 'magic' }),
    400,
    /asServed/,
  ],
  ['an unknown training set', `${training}/none-of-that-name`, {}, 404, /none-of-that-name/],
];

it.each(cases)('%s', async (...[, path, request, status, says]) => {
  const answer = await call(path, request);
  expect(answer.status, answer.text).toBe(status);
  expect(answer.contentType).toContain('application/problem+json');
  const { status: told, code, detail, errors = [] } = answer.json as Problem; // problem+json
  expect(told).toBe(status);
  expect(code).toMatch(/^[a-zA-Z]+\.[a-zA-Z]+$/);
  expect([detail, ...errors.map(({ pointer, message }) => `${pointer} ${message}`)].join('\n')).toMatch(says);
  expect(answer.text).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.ts\b|\.mjs\b|\/tmp\/|\/var\/task/);
});

it('tells all faults of a request at once, each with its pointer', async () => {
  const { status, json } = await call(
    serving,
    post({
      service: 'delay_model',
      entities: [{ ...entity, origin: 3 }, { carrier: 'AA' }],
      request: [{ distance: 'far' }],
    }),
  );
  expect(status).toBe(400);
  expect((json as Problem).errors?.map(({ pointer }) => pointer).sort()).toEqual([
    '/entities/0/origin',
    '/entities/1/origin',
    '/entities/1/tailnum',
    '/request/0/distance',
  ]);
});

it('answers unknown routes and methods without a stack', async () => {
  for (const [path, options] of [
    ['/v1/nothing', {}],
    ['/', {}],
    ['/v1/health', { method: 'DELETE' }],
  ] as const) {
    const { status, text } = await call(path, options);
    expect([403, 404, 405], path).toContain(status);
    expect(text).not.toMatch(/\bat .+:\d+:\d+|node_modules/);
  }
});
