import { type ArchivedBatch, eventArchiver } from '#engine/ingest/archive-batch.ts';
import { type BatchResponse, batchResponse, readKinesisEvent } from '#lambdas/kinesis-event.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import { archiveMetrics, dimensions, type Metric } from '#observe/metric-names.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findStreamSource } from '#spec/find.ts';
import { servingLogSource } from '#spec/serving-log.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { createGlueClient, GluePartitions } from '#store/glue/partitions.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';

const noPartitions = { registerNew: async () => undefined };

/** Puts a batch of a source's stream into its event log, or into quarantine; what fails is handed back as a whole. */
export function createHandler({ manifest }: Repository): (event: unknown) => Promise<BatchResponse> {
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('archive-events', deployment);
  const isServingLog = environment.SOURCE_NAME === servingLogSource.name;
  const source = isServingLog ? servingLogSource : findStreamSource(manifest, environment.SOURCE_NAME);
  const ports = {
    manifest,
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    checkpoints: new DynamoCheckpoints(createDynamoClient(), environment.JOBS_TABLE_NAME),
    // The serving log is no table: its files are found by their folders.
    partitions: isServingLog ? noPartitions : new GluePartitions(createGlueClient(), environment.DATABASE_NAME),
  };
  const archive = eventArchiver(ports, source);
  const emit = (values: readonly (readonly [Metric, number])[]): void => {
    const sets = [dimensions.deployment(deployment), dimensions.source(deployment, source.name)];
    emitMetrics(metrics, sets, values);
  };
  const factsOf = (records: readonly StreamRecord[]): Readonly<Record<string, unknown>> => ({
    [logFields.source]: source.name,
    [logFields.shard]: records[0]?.shard,
    [logFields.sequence]: records[0]?.sequence,
  });
  const report = (records: readonly StreamRecord[], batch: ArchivedBatch): void => {
    logger.info('batch archived', { ...factsOf(records), ...batch });
    const quarantined = Object.values(batch.quarantined).reduce((sum, count) => sum + count, 0);
    const oldestMillis = Math.min(...records.map(({ arrivalMillis }) => arrivalMillis));
    emit([
      [archiveMetrics.eventsArchived, batch.archived],
      [archiveMetrics.eventsQuarantined, quarantined],
      [archiveMetrics.handedBack, 0],
      ...(batch.files > 0 ? ([[archiveMetrics.delayMillis, Math.max(0, systemClock() - oldestMillis)]] as const) : []),
    ]);
  };
  return async (event) => {
    const records = readKinesisEvent(event);
    try {
      report(records, await archive(records));
      return batchResponse(undefined);
    } catch (error) {
      logger.error('batch handed back', {
        ...factsOf(records),
        [logFields.errorCode]: error instanceof TidemarkError ? error.code : 'unknown',
        error: error instanceof Error ? error : String(error),
      });
      emit([[archiveMetrics.handedBack, 1]]);
      return batchResponse(records[0]?.sequence);
    }
  };
}
