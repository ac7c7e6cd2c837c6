import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import type { OnlineFeaturesOptions, ServeFacts } from '#lambdas/serve-features/request-server.ts';
import { serveRoutes } from '#lambdas/serve-features/routes.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { lambdaContext, proxyEvent } from '#test/unit/http/proxy-events.ts';
import { nowMillis, repository as shop, WatchedRows } from './shop.ts';

/** The serving handler over rows in memory, at a fixed instant, unless `store` gives others; bodies of every answer are kept. */
export function serveApi(repository = shop, store: Partial<Pick<OnlineFeaturesOptions, 'rows' | 'clock'>> = {}) {
  const rows = new WatchedRows();
  const facts: ServeFacts[] = [];
  const bodies: string[] = [];
  const { logger } = createTelemetry('serve-features', { project: 'shop', stage: 'dev' });
  logger.setLogLevel('SILENT');
  const handler = createHttpHandler({
    routes: serveRoutes({
      repository,
      rows,
      clock: () => nowMillis,
      report: (fact) => facts.push(fact),
      ...store,
    }),
    identify: createIdentify({ checkToken: async (token) => token === 'right', clock: Date.now, stage: 'dev' }),
    logger,
    ...(store.clock && { clock: store.clock }),
  });
  const call = async (method: string, path: string, request: Parameters<typeof proxyEvent>[2] = {}) => {
    const headers = { authorization: 'Bearer right', ...request.headers };
    const result = await handler(proxyEvent(method, path, { ...request, headers }), lambdaContext());
    bodies.push(result.body);
    return result;
  };
  return {
    rows,
    facts,
    bodies,
    call,
    /** POST /v1/online-features with an object or a text as body. */
    post: (body: object | string) =>
      call('POST', '/v1/online-features', { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
}
