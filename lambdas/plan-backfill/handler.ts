import { SFNClient } from '@aws-sdk/client-sfn';
import { planBackfill } from '#engine/backfill/plan-backfill.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoLocks } from '#store/dynamodb/locks.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { SfnExecutions } from '#store/sfn/executions.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** First state of a backfill: lock, run and cut. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('plan-backfill', { project: manifest.project, stage: environment.STAGE_NAME });
  const dynamo = createDynamoClient();
  const ports = {
    manifest,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    locks: new DynamoLocks(dynamo, environment.JOBS_TABLE_NAME),
    records: new DynamoRecords(dynamo, environment.JOBS_TABLE_NAME),
    executions: new SfnExecutions(new SFNClient({})),
    clock: systemClock,
    cutAheadMillis: Number(environment.CUT_AHEAD_SECONDS) * 1000,
  };
  return createStep({
    logger,
    eventSchema,
    work: ({ input, execution }) => planBackfill(ports, { ...input, execution }),
    facts: ({ next, run }) => ({ next, [logFields.view]: run.view, [logFields.run]: run.lease.fence }),
  });
}
