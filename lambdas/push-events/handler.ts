import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createHttpHandler, type HttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createTokenCheck } from '#lambdas/http/token-check.ts';
import { streamOpener } from '#lambdas/open-stream.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { dimensions, pushMetrics } from '#observe/metric-names.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { secretsManagerSecrets } from '#store/secrets-manager/secrets.ts';
import { environmentSchema } from './environment.ts';
import { pushRoute } from './push-route.ts';

/** Takes events over HTTP into the streams of their sources. */
export function createHandler({ manifest }: Repository): HttpHandler {
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('push-events', deployment);
  const secrets = secretsManagerSecrets(new SecretsManagerClient({}));
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
    checkToken: createTokenCheck({ secrets, secretId: environment.API_TOKEN_SECRET_ARN, clock: systemClock }),
    logger,
  });
}
