import { splitRows } from '#engine/materialize/split-rows.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Repository } from '#spec/transform.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoLocks } from '#store/dynamodb/locks.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Cuts the rows selected for the online store into the items of the map that writes them. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('split-rows', { project: manifest.project, stage: environment.STAGE_NAME });
  const dynamo = createDynamoClient();
  const ports = {
    manifest,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    locks: new DynamoLocks(dynamo, environment.JOBS_TABLE_NAME),
    records: new DynamoRecords(dynamo, environment.JOBS_TABLE_NAME),
  };
  return createStep({
    logger,
    eventSchema,
    work: ({ run }) => splitRows(ports, run),
    facts: ({ run, items }) => ({ [logFields.view]: run.view, [logFields.run]: run.lease.fence, items }),
  });
}
