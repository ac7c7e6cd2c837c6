import { completeDataset } from '#engine/training-set/complete-dataset.ts';
import { failTrainingSet } from '#engine/training-set/fail-training-set.ts';

import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import { dimensions, type Metric, trainingSetMetrics } from '#observe/metric-names.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';
import { readStateError } from './state-error.ts';

/** Last state of a training set, whether it succeeded or failed: reconciliation and the manifest, or the reason; the metrics. */
export function createHandler(repository: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: repository.manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('complete-dataset', deployment);
  const ports = {
    repository,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    records: new DynamoRecords(createDynamoClient(), environment.JOBS_TABLE_NAME),
    clock: systemClock,
  };
  const report = (values: readonly (readonly [Metric, number])[]): void =>
    emitMetrics(metrics, [dimensions.deployment(deployment)], values);
  return createStep({
    logger,
    eventSchema,
    work: async (event) => {
      if ('id' in event) {
        const { rows, bytesScanned, files } = await completeDataset(ports, event);
        report([
          [trainingSetMetrics.succeeded, 1],
          [trainingSetMetrics.failed, 0],
          [trainingSetMetrics.rows, rows],
          [trainingSetMetrics.bytesScanned, bytesScanned],
        ]);
        return { id: event.id, rows, files: files.length };
      }
      const { error } = await failTrainingSet(ports, { ...event, error: readStateError(event.error) });
      report([
        [trainingSetMetrics.succeeded, 0],
        [trainingSetMetrics.failed, 1],
      ]);
      return { error };
    },
    facts: (result) =>
      'error' in result && result.error
        ? { [logFields.errorCode]: result.error.code }
        : { ...('id' in result ? { trainingSet: result.id, rows: result.rows } : {}) },
  });
}
