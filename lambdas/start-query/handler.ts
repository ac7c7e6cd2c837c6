import { startQuery } from '#engine/materialize/run-query.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Repository } from '#spec/transform.ts';
import { AthenaSqlEngine, createAthenaClient } from '#store/athena/sql-engine.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoLocks } from '#store/dynamodb/locks.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Starts one statement of a run in Athena. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('start-query', { project: manifest.project, stage: environment.STAGE_NAME });
  const ports = {
    manifest,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    locks: new DynamoLocks(createDynamoClient(), environment.JOBS_TABLE_NAME),
    sql: new AthenaSqlEngine({
      client: createAthenaClient(),
      workgroupName: environment.WORKGROUP_NAME,
      databaseName: environment.DATABASE_NAME,
    }),
  };
  return createStep({
    logger,
    eventSchema,
    work: (attempt) => startQuery(ports, attempt),
    facts: ({ run, query, attempt, queryId }) => ({
      [logFields.view]: run.view,
      [logFields.run]: run.lease.fence,
      query,
      attempt,
      [logFields.queryId]: queryId,
    }),
  });
}
