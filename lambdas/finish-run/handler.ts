import { streamOf } from '#engine/backfill/backfilled-view.ts';
import { finishBackfill } from '#engine/backfill/finish-backfill.ts';
import { failRun } from '#engine/materialize/fail-run.ts';
import { finishRun } from '#engine/materialize/finish-run.ts';
import { entityViewOfRun } from '#engine/materialize/run-files.ts';
import type { RunRecord } from '#engine/materialize/run-record.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createStep } from '#lambdas/run-step.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import { dimensions } from '#observe/metric-names.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoLocks } from '#store/dynamodb/locks.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';
import { eventSchema } from './event.ts';
import { runMetricValues } from './run-metric-values.ts';
import { readStateError } from './state-error.ts';

/** Last state of a run or backfill, whether it succeeded or failed: reconciliation or the reason, the record, the metrics, the lock. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<unknown> {
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('finish-run', deployment);
  const dynamo = createDynamoClient();
  const ports = {
    manifest,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    locks: new DynamoLocks(dynamo, environment.JOBS_TABLE_NAME),
    records: new DynamoRecords(dynamo, environment.JOBS_TABLE_NAME),
    clock: systemClock,
  };
  const report = (record: RunRecord): void =>
    emitMetrics(
      metrics,
      [dimensions.deployment(deployment), dimensions.view(deployment, record.view)],
      runMetricValues(record),
    );
  return createStep({
    logger,
    eventSchema,
    work: async (event) => {
      if ('run' in event) {
        const isBackfill = streamOf(manifest, entityViewOfRun(manifest, event.run)) !== undefined;
        const record = await (isBackfill ? finishBackfill : finishRun)(ports, event.run);
        report(record);
        return record;
      }
      const error = readStateError(event.error);
      const record = await failRun(ports, { ...event, view: viewNamed(event.input), error });
      if (record) report(record);
      return { error };
    },
    facts: (result) =>
      'error' in result && result.error
        ? { [logFields.errorCode]: result.error.code }
        : { ...('run' in result ? { [logFields.view]: result.view, [logFields.run]: result.run } : {}) },
  });
}

/** The view that an execution's input names; '' for an input that names none. */
function viewNamed(input: unknown): string {
  const view: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, 'view') : undefined;
  return typeof view === 'string' ? view : '';
}
