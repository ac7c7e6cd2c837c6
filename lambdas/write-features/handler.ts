import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
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
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { secretsManagerSecrets } from '#store/secrets-manager/secrets.ts';
import { sfnRuns } from '#store/sfn/runs.ts';
import { environmentSchema } from './environment.ts';
import { writeRoutes } from './routes.ts';

/** Feast's routes that write: rows into streams, or into files and the online store, and runs of materialization. */
export function createHandler({ manifest, access }: Repository): HttpHandler {
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('write-features', deployment);
  const secrets = secretsManagerSecrets(new SecretsManagerClient({}));
  const openStream = streamOpener(environment.STREAM_NAMES);
  return createHttpHandler({
    routes: writeRoutes({
      manifest,
      objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
      online: new DynamoOnlineRows({
        client: createDynamoClient({ attempts: 1 }), // the adapter retries
        tableName: environment.ONLINE_TABLE_NAME,
      }),
      streamOf: (name) => openStream({ name }),
      runs: sfnRuns(new SFNClient({}), environment.MATERIALIZE_STATE_MACHINE_ARN),
      clock: systemClock,
      report: ({ source, rows }) =>
        emitMetrics(
          metrics,
          [dimensions.deployment(deployment), dimensions.source(deployment, source)],
          [[pushMetrics.accepted, rows]],
        ),
    }),
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
