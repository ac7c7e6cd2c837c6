import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createHttpHandler, type HttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import { createTokenCheck } from '#lambdas/http/identity/token-check.ts';
import { streamOpener } from '#lambdas/open-stream.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { dimensions, pushMetrics } from '#observe/metric-names.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { secretsManagerSecrets } from '#store/secrets-manager/secrets.ts';
import { environmentSchema } from './environment.ts';
import { pushRoute } from './push-route.ts';

/** Takes events over HTTP into the streams of their sources. */
export function createHandler({ manifest, access }: Repository): HttpHandler {
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
    identify: createIdentify({
      access,
      checkToken: createTokenCheck({ secrets, secretId: environment.API_TOKEN_SECRET_ARN, clock: systemClock }),
      records: new DynamoRecords(createDynamoClient(), environment.JOBS_TABLE_NAME),
      clock: systemClock,
      stage: environment.STAGE_NAME,
    }),
    logger,
  });
}
