import { publishRun } from '#engine/materialize/publish-run.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoLocks } from '#store/dynamodb/locks.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createGlueClient, GluePartitions } from '#store/glue/partitions.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Makes the feature rows of a run visible, all at once. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('publish-run', { project: manifest.project, stage: environment.STAGE_NAME });
  const dynamo = createDynamoClient();
  const ports = {
    manifest,
    database: environment.DATABASE_NAME,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    locks: new DynamoLocks(dynamo, environment.JOBS_TABLE_NAME),
    records: new DynamoRecords(dynamo, environment.JOBS_TABLE_NAME),
    partitions: new GluePartitions(createGlueClient(), environment.DATABASE_NAME),
    clock: systemClock,
  };
  return createStep({
    logger,
    eventSchema,
    work: ({ run }) => publishRun(ports, run),
    facts: ({ run, next }) => ({ [logFields.view]: run.view, [logFields.run]: run.lease.fence, next }),
  });
}
