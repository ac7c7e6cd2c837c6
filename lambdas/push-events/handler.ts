import { createHttpHandler, type HttpHandler } from '#lambdas/http/create-http-handler.ts';
import { deployedIdentify } from '#lambdas/http/identity/deployed-identify.ts';
import { streamOpener } from '#lambdas/open-stream.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { dimensions, pushMetrics } from '#observe/metric-names.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { environmentSchema } from './environment.ts';
import { pushRoute } from './push-route.ts';

/** Takes events over HTTP into the streams of their sources. */
export function createHandler(repository: Repository): HttpHandler {
  const { manifest } = repository;
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('push-events', deployment);
  const openStream = streamOpener(environment.STREAM_NAMES);
  return createHttpHandler({
    routes: [
      pushRoute({
        manifest,
        streamOf: (name) => openStream({ name }),
        clock: systemClock,
        report: ({ source, accepted, rejected, failed }) =>
          emitMetrics(
            metrics,
            [dimensions.deployment(deployment), dimensions.source(deployment, source)],
            [
              [pushMetrics.accepted, accepted],
              [pushMetrics.rejected, rejected],
              [pushMetrics.failed, failed],
            ],
          ),
      }),
    ],
    identify: deployedIdentify(repository, environment),
    logger,
  });
}
