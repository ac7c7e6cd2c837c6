import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { packRow } from '#codec/packed-row.ts';
import { valuesResponseSchema } from '#lambdas/serve-features/event.ts';
import { findEntity, findStoredView } from '#spec/find.ts';
import type { FeatureService } from '#spec/manifest.ts';
import type { ServingPolicy } from '#spec/serving-policy.ts';
import { BoundedRows } from '#store/bounded-rows.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { signedReads } from '#store/dynamodb/signed-reads.ts';
import { KeptRows } from '#store/kept-rows.ts';
import { serveApi } from '#test/unit/serve/serve-api.ts';
import { repository } from '#test/unit/serve/shop.ts';
import { createOnlineTable } from '../../../bench/dynamodb-local.ts';
import { type BreakableProxy, breakableProxy } from '../../support/breakable-proxy.ts';

// The signed client of serving, DynamoDB Local, and a server between them that dies, hangs and comes back. Deadlines are held by
// test/unit/serve/unavailable.test.ts, where time passes as the test says.
const deadlineMillis = 700;
const tableName = `down-${process.pid}`;
const { manifest } = repository;
const [checkout] = manifest.services as [FeatureService];
const withinMillis = 15 * 60_000;
const serviceOf = (name: string, serving?: ServingPolicy): FeatureService => ({
  ...checkout,
  name,
  ...(serving && { serving }),
});
const services = [
  serviceOf('failing'),
  serviceOf('defaulting', { onUnavailable: { kind: 'default' } }),
  serviceOf('remembering', { onUnavailable: { kind: 'lastKnown', withinMillis } }),
];
let proxy: BreakableProxy;
let api: ReturnType<typeof serveApi>;

beforeAll(async () => {
  const client = await createOnlineTable(tableName, { attempts: 1 });
  const packed = packRow(findStoredView(manifest, 'orders'), {
    eventTimeMillis: Date.now(),
    deleted: false,
    marks: null,
    values: [1n, 10, 0],
  });
  const entityKey = encodeEntityKey(findEntity(manifest, 'customer'), [1n]);
  await new DynamoOnlineRows({ client, tableName }).writeNewer([{ entityKey, viewId: 'orders@1', order: '1', packed }]);
  const direct = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? process.env.AWS_ENDPOINT_URL ?? '';
  proxy = await breakableProxy(direct);
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.endpoint;
  const reader = createDynamoClient({ attempts: 1 });
  await reader.config.endpoint?.(); // taken from the environment now
  const rows = new DynamoOnlineRows({ client: reader, reads: signedReads(reader), tableName });
  api = serveApi(
    { ...repository, manifest: { ...manifest, services } },
    { rows: new KeptRows(new BoundedRows(rows, 128)), clock: systemClock },
  );
  await ask('remembering');
  process.env.AWS_ENDPOINT_URL_DYNAMODB = direct;
});
afterAll(() => proxy.close());

async function ask(service: string) {
  const { statusCode, body } = await api.call('POST', '/v1/online-features', {
    headers: { 'x-tidemark-deadline-ms': String(deadlineMillis) },
    body: JSON.stringify({
      service,
      entities: [{ customer_id: 1 }],
      request: [{ amount: 30, voucher: 0, sizes: [] }],
      metadata: ['status'],
    }),
  });
  return { statusCode, rows: statusCode === 200 ? valuesResponseSchema.parse(JSON.parse(body)).rows : [] };
}

const present = { statusCode: 200, rows: [{ values: [true, 1, 3], status: ['PRESENT', 'PRESENT', 'PRESENT'] }] };
const fallback = ['FALLBACK', 'FALLBACK', 'FALLBACK'];

describe.each(['down', 'silent'] as const)('a store that is %s', (state) => {
  it('is answered by the policy of each service, and read again once it is back', async () => {
    for (const { name } of services) expect(await ask(name)).toMatchObject(present);
    await proxy.become(state);
    const answers = await Promise.all(services.map(({ name }) => ask(name)));
    expect(answers).toMatchObject([
      { statusCode: 503 },
      { statusCode: 200, rows: [{ values: [false, 0, null], status: fallback }] },
      { statusCode: 200, rows: [{ values: [true, 1, 3], status: fallback }] },
    ]);
    await proxy.become('through');
    for (const { name } of services) expect(await ask(name)).toMatchObject(present);
  });
});
