import { SFNClient } from '@aws-sdk/client-sfn';
import { createHttpHandler, type HttpHandler } from '#lambdas/http/create-http-handler.ts';
import { deployedIdentify } from '#lambdas/http/identity/deployed-identify.ts';
import { streamOpener } from '#lambdas/open-stream.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { dimensions, pushMetrics } from '#observe/metric-names.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { sfnRuns } from '#store/sfn/runs.ts';
import { environmentSchema } from './environment.ts';
import { writeRoutes } from './routes.ts';

/** Feast's routes that write: rows into streams, or into files and the online store, and runs of materialization. */
export function createHandler(repository: Repository): HttpHandler {
  const { manifest } = repository;
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('write-features', deployment);
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
    identify: deployedIdentify(repository, environment),
    logger,
  });
}
