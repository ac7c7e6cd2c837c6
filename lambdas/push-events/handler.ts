import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { createHttpHandler, type HttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createTokenCheck } from '#lambdas/http/token-check.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { dimensions, pushMetrics } from '#observe/metric-names.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import { secretsManagerSecrets } from '#store/secrets-manager/secrets.ts';
import { environmentSchema } from './environment.ts';
import { pushRoute } from './push-route.ts';

/** Takes events over HTTP into the streams of their sources. */
export function createHandler({ manifest }: Repository): HttpHandler {
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('push-events', deployment);
  const secrets = secretsManagerSecrets(new SecretsManagerClient({}));
  const streamNames = z.record(z.string(), z.string()).parse(JSON.parse(environment.STREAM_NAMES));
  const client = createKinesisClient();
  return createHttpHandler({
    routes: [
      pushRoute({
        manifest,
        streamOf: (source) => {
          const streamName = streamNames[source];
          if (streamName === undefined)
            throw new TidemarkError('push.noStream', `source ${source} has no stream; deploy again`, {
              kind: 'failed',
            });
          return new KinesisEventStream({ client, streamName });
        },
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
