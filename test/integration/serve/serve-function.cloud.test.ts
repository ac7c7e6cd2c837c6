import { randomBytes } from 'node:crypto';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { apiTokenRandomBytes } from '#codec/api-token.ts';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { packRow } from '#codec/packed-row.ts';
import { createApiToken, revokeApiToken } from '#engine/access/api-tokens.ts';
import { createHandler } from '#lambdas/serve-features/handler.ts';
import { accessSchema } from '#spec/access.ts';
import { findEntity, findStoredView } from '#spec/find.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
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
  vi.stubEnv('JOBS_TABLE_NAME', name); // its items have the same keys
  vi.stubEnv('API_TOKEN_SECRET_ARN', name);
  vi.stubEnv('STAGE_NAME', 'test');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true');
  const access = accessSchema.parse({ roles: { reader: { read: { views: ['orders'] } } } });
  handler = createHandler({ ...repository, access });
});
afterAll(() => vi.unstubAllEnvs());

const allFeatures = ['orders:order_count', 'orders:spend', 'everything:a_int32'];
const ask = (token: string, ids: readonly number[], features = allFeatures) =>
  handler(
    proxyEvent('POST', '/v1/online-features', {
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({
        features,
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

it('takes an API token out of the jobs table, with the roles of the access, until it is revoked', async () => {
  const records = new DynamoRecords(createDynamoClient(), name);
  const made = await Promise.all(
    [1, 2].map((n) =>
      createApiToken(records, {
        name: `token ${n}`,
        roles: ['reader'],
        lifetimeMillis: 60_000,
        nowMillis: Date.now(),
        random: randomBytes(apiTokenRandomBytes),
      }),
    ),
  );
  const [used, revoked] = made;
  if (!used || !revoked) throw new Error('two tokens were made');
  await revokeApiToken(records, revoked.stored.id, Date.now());
  const features = ['orders:spend'];
  expect((await ask(used.token, [7], features)).statusCode).toBe(200);
  expect((await ask(used.token, [7])).statusCode).toBe(403); // of another view too
  expect((await ask(revoked.token, [7], features)).statusCode).toBe(401);
});

it('fails when a secret does not exist', async () => {
  await expect(secretsManagerSecrets(secrets).get('nothing-of-this-name')).rejects.toThrow();
});
