import { writeRows } from '#engine/materialize/write-rows.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Repository } from '#spec/transform.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Writes the rows of one item to the online store. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('write-online', { project: manifest.project, stage: environment.STAGE_NAME });
  const ports = {
    manifest,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    online: new DynamoOnlineRows({
      client: createDynamoClient({ attempts: 1 }), // the adapter retries by itself
      tableName: environment.ONLINE_TABLE_NAME,
    }),
  };
  return createStep({
    logger,
    eventSchema,
    work: ({ run, item }) => writeRows(ports, run, item),
    facts: (counts) => ({ ...counts, [logFields.rows]: counts.read }),
  });
}
