import { backfillItem } from '#engine/backfill/backfill-item.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import type { Repository } from '#spec/transform.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoWindowItems } from '#store/dynamodb/window-items.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Brings the history of one item's entities online. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('merge-history', { project: manifest.project, stage: environment.STAGE_NAME });
  const client = createDynamoClient({ attempts: 1 }); // the adapters retry by themselves
  const table = { client, tableName: environment.ONLINE_TABLE_NAME };
  const ports = {
    manifest,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    items: new DynamoWindowItems(table),
    online: new DynamoOnlineRows(table),
  };
  return createStep({
    logger,
    eventSchema,
    work: ({ run, item }) => backfillItem(ports, run, item),
    facts: (counts) => ({ ...counts, [logFields.rows]: counts.read }),
  });
}
