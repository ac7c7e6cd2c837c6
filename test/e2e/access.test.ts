import { beforeAll, expect, it } from 'vitest';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { type HttpAnswer, httpCall } from '../support/http-call.ts';
import { runCli } from '../support/run-cli.ts';

let flights: DeployedFlights;
beforeAll(async () => {
  flights = await deployedFlights();
});

const token = (...words: string[]) => runCli(['token', ...words, '--target', flights.targetName]);
const created = async (role: string): Promise<{ id: string; token: string }> => {
  const run = await token('create', '--name', `e2e of ${role}`, '--role', role, '--json');
  expect(run.exitCode, run.stderr).toBe(0);
  return JSON.parse(run.stdout);
};

const entities = [{ carrier: 'UA', origin: 'EWR', tailnum: 'N14228' }];
const service = { service: 'delay_model', entities, request: [{ distance: 1400 }] };
const weather = { features: ['weather:humidity'], entities: [{ origin: 'EWR' }] };
const carriers = { features: ['carrier_departures:departures_24h'], entities: [{ carrier: 'UA' }] };
const call = (bearer: string, path: string, body?: unknown): Promise<HttpAnswer> =>
  httpCall(flights.target, path, { authorization: `Bearer ${bearer}`, ...(body === undefined ? {} : { body }) });

it('an API token opens on the deployment what its role names, and nothing else', async () => {
  const [scoring, research] = await Promise.all([created('delay_scoring'), created('research')]);
  const online = '/v1/online-features';
  const tried = async (bearer: string) =>
    await Promise.all([
      call(bearer, online, service),
      call(bearer, online, carriers),
      call(bearer, online, weather),
      call(bearer, '/v1/push/departure_events', { events: [{}] }),
      call(bearer, '/v1/training-sets', {
        ...service,
        spine: 'training-sets/none.parquet',
        entities: undefined,
        request: undefined,
      }),
    ]);
  const statuses = (answers: readonly HttpAnswer[]) => answers.map(({ status }) => status);
  expect(statuses(await tried(scoring.token))).toEqual([200, 403, 403, 403, 403]);
  expect(statuses(await tried(research.token))).toEqual([403, 200, 403, 403, 403]);
  const { json } = await call(research.token, '/v1/feature-views');
  expect((json as { views: { name: string }[] }).views.map(({ name }) => name)).toEqual([
    'carrier_departures',
    'plane_departures',
  ]);
});

it('a revoked token opens nothing, and is listed as revoked without its secret', async () => {
  const { id, token: bearer } = await created('delay_scoring');
  expect((await token('revoke', id)).exitCode).toBe(0);
  expect((await call(bearer, '/v1/online-features', service)).status).toBe(401);
  const listed = await token('list', '--json');
  expect(JSON.parse(listed.stdout)).toContainEqual(
    expect.objectContaining({ id, state: 'revoked', roles: ['delay_scoring'] }),
  );
  expect(listed.stdout).not.toContain(bearer.slice(18));
});

it('token says what is wrong', async () => {
  const cases = [
    [['create', '--name', 'x', '--role', 'scoring'], 2, /--role must name roles.*got scoring; there are delay_scoring/],
    [['create', '--name', 'x', '--role', 'research', '--expires', '400d'], 2, /at most 366 days/],
    [['revoke', 'nobody'], 6, /there is no API token "nobody"/],
  ] as const;
  await Promise.all(
    cases.map(async ([words, exitCode, said]) => {
      const run = await token(...words);
      expect([run.exitCode, run.stdout]).toEqual([exitCode, '']);
      expect(run.stderr).toMatch(said);
    }),
  );
});

it('request ids, traces and deadlines pass through API Gateway, and metadata is answered 304', async () => {
  const url = `${flights.target.apiUrl}/v1/feature-views/weather`;
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const headers = { authorization: `Bearer ${flights.target.apiToken}`, 'x-request-id': 'e2e-1', traceparent };
  const first = await fetch(url, { headers });
  expect(first.status).toBe(200);
  expect([first.headers.get('x-request-id'), first.headers.get('traceparent')]).toEqual(['e2e-1', traceparent]);
  const etag = first.headers.get('etag') ?? '';
  const again = await fetch(url, { headers: { ...headers, 'if-none-match': etag } });
  expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
  const bad = await fetch(url, { headers: { ...headers, 'x-tidemark-deadline-ms': 'soon' } });
  expect([bad.status, ((await bad.json()) as { code: string }).code]).toEqual([400, 'http.badDeadline']);
});
