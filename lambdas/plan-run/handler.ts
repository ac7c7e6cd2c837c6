import { SFNClient } from '@aws-sdk/client-sfn';
import { planRun } from '#engine/materialize/plan-run.ts';
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

/** First state of a run: lock, plan, statements. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('plan-run', { project: manifest.project, stage: environment.STAGE_NAME });
  const dynamo = createDynamoClient();
  const s3 = createS3Client();
  const ports = {
    manifest,
    database: environment.DATABASE_NAME,
    objects: new S3Objects(s3, environment.BUCKET_NAME),
    openBucket: (bucket: string) => new S3Objects(s3, bucket),
    locks: new DynamoLocks(dynamo, environment.JOBS_TABLE_NAME),
    records: new DynamoRecords(dynamo, environment.JOBS_TABLE_NAME),
    executions: new SfnExecutions(new SFNClient({})),
    clock: systemClock,
  };
  return createStep({
    logger,
    eventSchema,
    work: ({ input, execution }) =>
      planRun(ports, { view: input.view, fromMillis: input.from, toMillis: input.to, execution }),
    facts: (planned) =>
      planned.next === 'covered'
        ? { next: planned.next, by: planned.by }
        : { next: planned.next, [logFields.view]: planned.run.view, [logFields.run]: planned.run.lease.fence },
  });
}
