import { archivedThrough } from '#engine/ingest/archive-progress.ts';
import { parseTrainingSetRequest } from '#engine/training-set/request.ts';
import { type SettleOutcome, settleReads } from '#engine/training-set/settle-reads.ts';
import { type StageOutcome, stageSpine } from '#engine/training-set/stage-spine.ts';
import { streamOpener } from '#lambdas/open-stream.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';

/** Staging stops after this long to be called again: the function's 15 minutes leave room for the part at hand. */
const stagingMillis = 9 * 60_000;

/** First state of a training set: checks the spine, stages it in parts, waits for event logs where it must; after the joins: has what they read stayed the same? */
export function createHandler(repository: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const { logger } = createTelemetry('stage-spine', {
    project: repository.manifest.project,
    stage: environment.STAGE_NAME,
  });
  const s3 = createS3Client();
  const dynamo = createDynamoClient();
  const checkpoints = new DynamoCheckpoints(dynamo, environment.JOBS_TABLE_NAME);
  const openStream = streamOpener(environment.STREAM_NAMES);
  const ports = {
    repository,
    objects: new S3Objects(s3, environment.BUCKET_NAME),
    openBucket: (bucket: string) => new S3Objects(s3, bucket),
    records: new DynamoRecords(dynamo, environment.JOBS_TABLE_NAME),
    archivedThrough: (source: StreamSource, arrivalMillis: number) =>
      archivedThrough({ checkpoints, stream: openStream(source) }, source, arrivalMillis),
    clock: systemClock,
  };
  return createStep({
    logger,
    eventSchema,
    work: async (event): Promise<{ readonly id: string } & (StageOutcome | SettleOutcome)> => {
      if ('id' in event) return settleReads(ports, event);
      const { execution } = event;
      const request = parseTrainingSetRequest(event.input);
      const untilMillis = systemClock() + stagingMillis;
      return { id: request.id, ...(await stageSpine(ports, { request, execution, untilMillis })) };
    },
    facts: ({ id, ...outcome }) => ({
      trainingSet: id,
      next: outcome.next,
      ...('rows' in outcome ? { rows: outcome.rows } : {}),
      ...(outcome.next === 'join' ? { joins: outcome.joins.length } : {}),
    }),
  });
}
