import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { packRow } from '#codec/packed-row.ts';
import { createHandler } from '#lambdas/serve-features/handler.ts';
import { findEntity, findStoredView } from '#spec/find.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { secretsManagerSecrets } from '#store/secrets-manager/secrets.ts';
import { lambdaContext, proxyEvent } from '#test/unit/http/proxy-events.ts';
import { repository } from '#test/unit/serve/shop.ts';
import { createOnlineTable } from '../../../bench/dynamodb-local.ts';

const name = `serve-${process.pid}`;
const secrets = new SecretsManagerClient({});
let handler: ReturnType<typeof createHandler>;

beforeAll(async () => {
  const { manifest } = repository;
  const rows = new DynamoOnlineRows({ client: await createOnlineTable(name, { attempts: 1 }), tableName: name });
  const orders = findStoredView(manifest, 'orders');
  await rows.writeNewer(
    Array.from({ length: 90 }, (_, id) => ({
      entityKey: encodeEntityKey(findEntity(manifest, 'customer'), [BigInt(id)]),
      viewId: 'orders@1',
      order: '1',
      packed: packRow(orders, {
        eventTimeMillis: Date.now(),
        deleted: false,
        marks: null,
        values: [2n ** 60n + BigInt(id), id / 3, 0.5],
      }),
    })),
  );
  await secrets.send(new CreateSecretCommand({ Name: name, SecretString: 'first-token' }));
  vi.stubEnv('ONLINE_TABLE_NAME', name);
  vi.stubEnv('API_TOKEN_SECRET_ARN', name);
  vi.stubEnv('STAGE_NAME', 'test');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
  handler = createHandler(repository);
});
afterAll(() => vi.unstubAllEnvs());

const ask = (token: string, ids: readonly number[]) =>
  handler(
    proxyEvent('POST', '/v1/online-features', {
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({
        features: ['orders:order_count', 'orders:spend', 'everything:a_int32'],
        entities: ids.map((id) => ({ customer_id: id })),
      }),
    }),
    lambdaContext(),
  );

it('serves a hundred entities of two views from DynamoDB, values exact and misses told', async () => {
  const result = await ask(
    'first-token',
    Array.from({ length: 100 }, (_, id) => id),
  );
  expect(result.statusCode).toBe(200);
  const { rows, meta } = JSON.parse(result.body);
  expect(meta.partial).toBe(false);
  expect(rows[89].status).toEqual(['PRESENT', 'PRESENT', 'MISSING']);
  expect(rows[90].values).toEqual([0, null, null]);
  expect(rows[7].values[1]).toBe(7 / 3);
  expect(result.body).toContain(`[${2n ** 60n + 7n},`);
});

it('takes the token of the secret, and the new one after it was replaced', async () => {
  expect((await ask('second-token', [1])).statusCode).toBe(401);
  await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString: 'second-token' }));
  await vi.waitFor(async () => expect((await ask('second-token', [1])).statusCode).toBe(200), {
    timeout: 20_000,
    interval: 1000,
  });
  expect((await ask('first-token', [1])).statusCode).toBe(401);
});

it('fails when a secret does not exist', async () => {
  await expect(secretsManagerSecrets(secrets).get('nothing-of-this-name')).rejects.toThrow();
});
