import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import { serveReporter } from '#lambdas/serve-features/report.ts';
import { serveRoutes } from '#lambdas/serve-features/routes.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { lambdaContext, proxyEvent } from '#test/unit/http/proxy-events.ts';
import { nowMillis, repository, WatchedRows } from './shop.ts';

const deployment = { project: 'shop', stage: 'dev' };
const lines: string[] = [];
const warnings: unknown[] = [];
beforeEach(() => {
  lines.length = 0;
  warnings.length = 0;
  vi.stubEnv('POWERTOOLS_DEV', 'true'); // makes Powertools print through the global console, which is watched here
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  for (const method of ['log', 'info', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((line: string) => lines.push(line));
  vi.spyOn(console, 'warn').mockImplementation((...given) => warnings.push(given));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function serve(body: object, rows = new WatchedRows()) {
  const telemetry = createTelemetry('serve-features', deployment);
  const handler = createHttpHandler({
    routes: serveRoutes({ repository, rows, clock: () => nowMillis, report: serveReporter(telemetry, deployment) }),
    identify: createIdentify({ checkToken: async () => true, clock: Date.now, stage: 'dev' }),
    logger: telemetry.logger,
  });
  const headers = { authorization: 'Bearer t0ken' };
  await handler(proxyEvent('POST', '/v1/online-features', { headers, body: JSON.stringify(body) }), lambdaContext());
  const parsed = lines.map((line) => JSON.parse(line));
  return {
    log: parsed.filter((line) => line.message === 'request'),
    metrics: parsed.filter((line) => '_aws' in line),
  };
}

it('one log line and one metrics line tell of a request, without keys, values or the token', async () => {
  const rows = new WatchedRows();
  await rows.store('orders', [778899n], { values: [5n, 1234.5, 0.25], marks: 'd..' });
  const { log, metrics } = await serve(
    {
      service: 'checkout',
      entities: [{ customer_id: 778899 }, { customer_id: 1 }, { customer_id: 778899 }],
      request: [{ amount: 6172.5, voucher: null, sizes: [] }],
    },
    rows,
  );
  expect(log).toEqual([
    expect.objectContaining({
      route: '/v1/online-features',
      httpStatus: 200,
      featureService: 'checkout@1',
      service: 'serve-features',
      entities: 3,
      features: 3,
      reads: 2,
      partial: false,
    }),
  ]);
  expect(metrics).toEqual([
    expect.objectContaining({
      project: 'shop',
      stage: 'dev',
      service: 'checkout@1',
      ServeRequests: 1,
      ServeEntities: 3,
      ServePartial: 0,
      FeaturesPresent: 6,
      FeaturesDefault: 2,
      FeaturesMissing: 1,
    }),
  ]);
  expect(metrics[0]._aws.CloudWatchMetrics[0].Dimensions).toEqual([
    ['project', 'stage'],
    ['project', 'stage', 'service'],
  ]);
  expect(lines.join('\n')).not.toMatch(/778899|1234\.5|6172\.5|t0ken/);
  expect(warnings).toEqual([]);
});

it('partial answers, unknown layouts and failed transforms are counted', async () => {
  const rows = new WatchedRows();
  rows.failing.add('orders@1 1|customer|l1:1|');
  await rows.storeText('orders', '1|customer|l1:2|', 'ffffffff[1,0,null]');
  const { metrics } = await serve(
    {
      features: ['basket_features:share', 'orders:spend'],
      entities: [1, 2, 3].map((id) => ({ customer_id: id })),
      request: [{ amount: -1, voucher: 1, sizes: [] }],
    },
    rows,
  );
  expect(metrics[0]).toMatchObject({ ServePartial: 1, UnknownLayouts: 1, TransformErrors: 3, FeaturesError: 5 });
  expect(metrics[0]._aws.CloudWatchMetrics[0].Dimensions).toEqual([['project', 'stage']]);
});

it('a refused request counts as a request, and its log line has the code but not what was wrong', async () => {
  const { log, metrics } = await serve({ features: ['orders:spend'], entities: [{ customer_id: 'k778899' }] });
  expect(log[0]).toMatchObject({ httpStatus: 400, errorCode: 'serve.invalidRequest' });
  expect(metrics[0]).toMatchObject({ ServeRequests: 1 });
  expect(metrics[0]).not.toHaveProperty('ServeEntities');
  expect(lines.join('\n')).not.toContain('k778899');
});
