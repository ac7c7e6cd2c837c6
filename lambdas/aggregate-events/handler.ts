import { recordAcceptor } from '#engine/ingest/accept-record.ts';
import { aggregateBatch, type BatchResult } from '#engine/ingest/aggregate-batch.ts';
import { createCutReader } from '#engine/ingest/cuts.ts';
import { defaultHandOver } from '#engine/ingest/hand-over-rule.ts';
import { viewsOfSource } from '#engine/ingest/source-views.ts';
import { type BatchResponse, batchResponse, readKinesisEvent } from '#lambdas/kinesis-event.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import { dimensions } from '#observe/metric-names.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findStreamSource } from '#spec/find.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { DynamoWindowItems } from '#store/dynamodb/window-items.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { batchMetricValues } from './batch-metric-values.ts';
import { environmentSchema } from './environment.ts';

/** Time kept for what is under way when no further work is begun. */
const closingMillis = 10_000;

interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** Folds a batch of a source's stream into the online items of its views; what a retry can cure is handed back by its sequence. */
export function createHandler({
  manifest,
}: Repository): (event: unknown, context: InvocationContext) => Promise<BatchResponse> {
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('aggregate-events', deployment);
  const source = findStreamSource(manifest, environment.SOURCE_NAME);
  const views = viewsOfSource(manifest, source);
  const client = createDynamoClient({ attempts: 1 }); // the adapters retry by themselves
  const table = { client, tableName: environment.ONLINE_TABLE_NAME };
  const objects = new S3Objects(createS3Client(), environment.BUCKET_NAME);
  const viewIds = views.windowed.map(({ id }) => id);
  const ports = {
    items: new DynamoWindowItems(table),
    online: new DynamoOnlineRows(table),
    cuts: createCutReader({ objects, clock: systemClock }, source, viewIds),
    clock: systemClock,
    views,
    rules: {
      source,
      retentionMillis: Number(environment.STREAM_RETENTION_HOURS) * 3_600_000,
      handOver: defaultHandOver,
    },
    accept: recordAcceptor(manifest, source),
  };
  const report = (result: BatchResult, shard: string | undefined): void => {
    const facts = { [logFields.source]: source.name, [logFields.shard]: shard, ...result.counts };
    if (result.failedFrom === undefined) logger.info('batch done', facts);
    else
      logger.error('batch handed back', {
        ...facts,
        [logFields.sequence]: result.failedFrom,
        [logFields.errorCode]: result.failure instanceof TidemarkError ? result.failure.code : 'unknown',
        error: result.failure instanceof Error ? result.failure : String(result.failure ?? 'no time left'),
      });
    const sets = [dimensions.deployment(deployment), dimensions.source(deployment, source.name)];
    emitMetrics(metrics, sets, batchMetricValues(result));
  };
  return async (event, context) => {
    const records = readKinesisEvent(event);
    const deadlineMillis = systemClock() + context.getRemainingTimeInMillis() - closingMillis;
    const result = await aggregateBatch(ports, { records, deadlineMillis });
    report(result, records[0]?.shard);
    return batchResponse(result.failedFrom);
  };
}
