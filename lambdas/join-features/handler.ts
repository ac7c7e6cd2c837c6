import { joinFeatures } from '#engine/training-set/join-features.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Repository } from '#spec/transform.ts';
import { AthenaSqlEngine, createAthenaClient } from '#store/athena/sql-engine.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Moves one point-in-time join of a training set on: starts its statement, looks at it, writes down what it wrote. */
export function createHandler(repository: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('join-features', {
    project: repository.manifest.project,
    stage: environment.STAGE_NAME,
  });
  const ports = {
    repository,
    database: environment.DATABASE_NAME,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    sql: new AthenaSqlEngine({
      client: createAthenaClient(),
      workgroupName: environment.WORKGROUP_NAME,
      databaseName: environment.DATABASE_NAME,
    }),
  };
  return createStep({
    logger,
    eventSchema,
    work: async (step) => joinFeatures(ports, step),
    facts: ({ id, join, next, started }) => ({
      trainingSet: id,
      join,
      next,
      [logFields.queryId]: started.queryId,
      tries: started.tries,
    }),
  });
}
