import { join } from 'node:path';
import { loadRepository } from '#define/node/load-repository.ts';
import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { type HttpServer, startHttpServer } from '#lambdas/http/http-server.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import { pushRoute } from '#lambdas/push-events/push-route.ts';
import { serveRoutes } from '#lambdas/serve-features/routes.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { trainingSetRoutes } from '#lambdas/training-sets-api/routes.ts';
import { writeRoutes } from '#lambdas/write-features/routes.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryExecutions } from '#store/memory/executions.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import { MemoryRecords } from '#store/memory/records.ts';

const nowMillis = Date.UTC(2026, 0, 31, 9, 30);
const clock = (): number => nowMillis;

/** The token that the API takes. */
export const fuzzToken = 'right';

export interface FuzzApi extends HttpServer {
  readonly url: string;
}

/**
 * Every route of the API, of the definitions in `repository/`, over memory at a fixed instant, on a free port of 127.0.0.1. `onFault` is
 * told of every error that is answered 5xx.
 */
export async function startFuzzApi(onFault: (error: unknown) => void): Promise<FuzzApi> {
  const { repository } = await loadRepository(join(import.meta.dirname, 'repository'));
  const { manifest } = repository;
  const rows = new MemoryOnlineRows();
  const objects = new MemoryObjects();
  await objects.put('training-sets/labels.csv', 'customer_id,event_time\n7,2026-01-01T00:00:00Z\n');
  const stream = new MemoryEventStream({ shards: 2, clock });
  let started = 0;
  const ports = { manifest, objects, clock, streamOf: () => stream, report: () => undefined };
  const { logger } = createTelemetry('fuzz', { project: manifest.project, stage: 'dev' });
  logger.setLogLevel('SILENT');
  logger.error = (_message, ...facts) => onFault(facts[0]);
  const handler = createHttpHandler({
    routes: [
      ...serveRoutes({ ...ports, repository, rows }),
      pushRoute(ports),
      ...writeRoutes({
        ...ports,
        online: rows,
        runs: { start: async () => `run-${started++}`, settled: async () => 'succeeded' },
      }),
      ...trainingSetRoutes({
        ...ports,
        linkTo: async (key) => `https://bucket/${key}`,
        records: new MemoryRecords(),
        newId: (prefix) => `${prefix}-${started++}`,
        executions: new MemoryExecutions(),
        executionOf: (id) => `execution:${id}`,
        start: async () => true,
      }),
    ],
    identify: createIdentify({ checkToken: async (token) => token === fuzzToken, clock, stage: 'dev' }),
    logger,
    clock,
  });
  const server = await startHttpServer(handler, { host: '127.0.0.1', port: 0 });
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}
