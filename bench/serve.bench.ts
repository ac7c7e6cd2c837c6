import type { Context } from 'aws-lambda';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { packRow } from '#codec/packed-row.ts';
import { createHttpHandler, type HttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import { serveReporter } from '#lambdas/serve-features/report.ts';
import { serveRoutes } from '#lambdas/serve-features/routes.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { findEntity } from '#spec/find.ts';
import { closedSortKey, onlineSortKey } from '#spec/layout.ts';
import type { StoredView } from '#spec/manifest.ts';
import { systemClock } from '#store/clock.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import type { OnlineRow, OnlineRows } from '#store/online-rows.ts';
import { type BenchResult, percentile, type Sampling, sampleMillis, withoutOutput } from './bench.ts';
import { createOnlineTable, withDynamoDb } from './dynamodb-local.ts';
import { repository } from './serve-repository.ts';
import { everyMillis, statePair, view } from './serve-windows.ts';

/** Entities x features, and the budget of plan, decode and encode: the whole handler but the store. */
const shapes = [
  { name: '1x10', entities: 1, service: 'ten', budgetMillis: 0.5, warmUps: 2000 },
  { name: '1x50', entities: 1, service: 'fifty', budgetMillis: undefined, warmUps: 2000 },
  { name: '100x50', entities: 100, service: 'fifty', budgetMillis: 3, warmUps: 300 },
  // windows of a stream; the dense states of 100 entities are 7 MB
  { name: 'dense.1x10', entities: 1, service: 'live_ten', budgetMillis: 2, warmUps: 500 },
  { name: 'dense.100x50', entities: 100, service: 'live_fifty', budgetMillis: undefined, warmUps: 30 },
  { name: 'windows.1x10', entities: 1, service: 'live_ten', budgetMillis: 1, warmUps: 500, firstId: 100 },
  { name: 'windows.100x50', entities: 100, service: 'live_fifty', budgetMillis: 25, warmUps: 30, firstId: 100 },
] as const;
/** Of each kind of state: ids from 0 have dense ones, ids from 100 usual ones. */
const storedEntities = 100;
/** States take a while to make; entities share them. */
const distinctStates = 10;

/** Milliseconds of the warm serving handler, from proxy event to proxy result, over rows in memory and in DynamoDB Local. */
export async function run(): Promise<readonly BenchResult[]> {
  const memory = await withoutOutput(() => benchOver('memory', new MemoryOnlineRows(), { warmUps: 1, samples: 500 }));
  const dynamodb = await withDynamoDb(async () => {
    const tableName = `bench-${process.pid}`;
    const rows = new DynamoOnlineRows({ client: await createOnlineTable(tableName, { attempts: 1 }), tableName });
    return withoutOutput(() => benchOver('dynamodb', rows, { warmUps: 0.1, samples: 200 }));
  });
  return [...memory, ...dynamodb];
}

/** `warmUps` is a share of those of the shape. */
async function benchOver(store: string, rows: OnlineRows, { warmUps, samples }: Sampling): Promise<BenchResult[]> {
  await rows.writeNewer(rowsToServe());
  const handler = handlerOver(rows);
  const results: BenchResult[] = [];
  for (const shape of shapes) {
    const call = callOf(handler, shape);
    await check(call, shape);
    const millis = await sampleMillis(call, { warmUps: shape.warmUps * warmUps, samples });
    const budget = store === 'memory' && shape.budgetMillis !== undefined ? { budget: shape.budgetMillis } : {};
    const name = `serve.${store}.${shape.name}`;
    results.push({ name: `${name}.p50`, value: percentile(millis, 0.5), unit: 'ms', ...budget });
    results.push({ name: `${name}.p99`, value: percentile(millis, 0.99), unit: 'ms' });
  }
  return results;
}

function rowsToServe(): OnlineRow[] {
  const driver = findEntity(repository.manifest, 'driver');
  const nowMillis = Date.now();
  const stored = repository.manifest.views
    .filter((view): view is StoredView => view.kind === 'batch')
    .flatMap((view) =>
      Array.from({ length: storedEntities }, (_, id): OnlineRow => {
        const values = view.features.map(({ type }, index) =>
          type === 'int64' ? BigInt(id * 1000 + index) : Math.sin(id + index) * 100,
        );
        return {
          entityKey: encodeEntityKey(driver, [BigInt(id)]),
          viewId: `${view.name}@${view.version}`,
          order: '1',
          packed: packRow(view, { eventTimeMillis: nowMillis, deleted: false, marks: null, values }),
        };
      }),
    );
  const states = [everyMillis.dense, everyMillis.usual].flatMap((every, kind) => {
    const pairs = Array.from({ length: distinctStates }, (_, id) => statePair({ id, nowMillis, everyMillis: every }));
    return Array.from({ length: storedEntities }, (_, at): OnlineRow[] => {
      const entityKey = encodeEntityKey(driver, [BigInt(kind * storedEntities + at)]);
      const { head = '', closed = '' } = pairs[at % distinctStates] ?? {};
      return [
        { entityKey, viewId: onlineSortKey(view), order: '1', packed: head },
        { entityKey, viewId: closedSortKey(view), order: '1', packed: closed },
      ];
    }).flat();
  });
  return [...stored, ...states];
}

function handlerOver(rows: OnlineRows): HttpHandler {
  const deployment = { project: 'bench', stage: 'bench' };
  const telemetry = createTelemetry('serve-features', deployment);
  const report = serveReporter(telemetry, deployment);
  return createHttpHandler({
    routes: serveRoutes({ repository, rows, clock: systemClock, report }),
    identify: createIdentify({ checkToken: async (token) => token === 'bench', clock: Date.now, stage: 'dev' }),
    logger: telemetry.logger,
  });
}

interface Shape {
  readonly name: string;
  readonly entities: number;
  readonly service: string;
  readonly firstId?: number;
}

function callOf(handler: HttpHandler, { service, entities, firstId = 0 }: Shape) {
  const asked = Array.from({ length: entities }, (_, at) => ({ driver_id: firstId + at }));
  const body = JSON.stringify({ service, entities: asked });
  const event = {
    httpMethod: 'POST',
    path: '/v1/online-features',
    headers: { authorization: 'Bearer bench', 'content-type': 'application/json', host: 'localhost' },
    queryStringParameters: null,
    requestContext: { requestId: '0d3f5c1e-6f4b-4d0a-9a51-3a3f0a4f7a11', stage: 'bench' },
    body,
    isBase64Encoded: false,
  };
  // The one member of the context that the handler reads, besides the id of an event without one.
  const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 10_000 } as Context;
  return () => handler(event, context);
}

/** A bench of error answers would be quick. */
async function check(call: ReturnType<typeof callOf>, shape: Shape): Promise<void> {
  const { statusCode, body } = await call();
  const statuses: string[] =
    statusCode === 200 ? JSON.parse(body).rows.flatMap((row: { status: string[] }) => row.status) : [];
  const wanted = shape.entities * Number(shape.name.split('x').at(-1));
  if (statuses.filter((status) => status === 'PRESENT' || status === 'DEFAULT').length !== wanted)
    throw new Error(`${shape.name} was not served ${wanted} values: ${statusCode} ${body.slice(0, 200)}`);
}
