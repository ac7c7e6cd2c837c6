import { awaitArchive } from '#engine/backfill/await-archive.ts';
import { streamOpener } from '#lambdas/open-stream.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoLocks } from '#store/dynamodb/locks.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Looks whether the event log has come to the cut of a backfill; then writes its statement. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('await-archive', { project: manifest.project, stage: environment.STAGE_NAME });
  const dynamo = createDynamoClient();
  const ports = {
    manifest,
    database: environment.DATABASE_NAME,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    locks: new DynamoLocks(dynamo, environment.JOBS_TABLE_NAME),
    records: new DynamoRecords(dynamo, environment.JOBS_TABLE_NAME),
    checkpoints: new DynamoCheckpoints(dynamo, environment.JOBS_TABLE_NAME),
    openStream: streamOpener(environment.STREAM_NAMES),
    clock: systemClock,
  };
  return createStep({
    logger,
    eventSchema,
    work: ({ run }) => awaitArchive(ports, run),
    facts: ({ next, run, waitSeconds }) => ({
      next,
      waitSeconds,
      [logFields.view]: run.view,
      [logFields.run]: run.lease.fence,
    }),
  });
}
