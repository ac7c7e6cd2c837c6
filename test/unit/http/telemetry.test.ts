import { afterEach, expect, it, vi } from 'vitest';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { dimensions, serveMetrics } from '#observe/metric-names.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it('writes metrics under exactly the dimension sets that alarms and dashboards name', () => {
  vi.stubEnv('POWERTOOLS_DEV', 'true'); // makes Powertools print through the global console, which is watched here
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  const lines: string[] = [];
  const warned = vi.spyOn(console, 'warn');
  vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line));
  const deployment = { project: 'shop', stage: 'dev' };
  const { metrics } = createTelemetry('serve-features', deployment);
  for (const service of ['fraud', 'eta'])
    emitMetrics(
      metrics,
      [dimensions.deployment(deployment), dimensions.service(deployment, service)],
      [
        [serveMetrics.requests, 1],
        [serveMetrics.storeMillis, 4.5],
      ],
    );
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    ['fraud', 'eta'].map((service) => ({
      project: 'shop',
      stage: 'dev',
      service,
      ServeRequests: 1,
      StoreLatency: 4.5,
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'Tidemark',
            Dimensions: [
              ['project', 'stage'],
              ['project', 'stage', 'service'],
            ],
            Metrics: [
              { Name: 'ServeRequests', Unit: 'Count' },
              { Name: 'StoreLatency', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
    })),
  );
  expect(warned).not.toHaveBeenCalled();
});
