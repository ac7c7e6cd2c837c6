import { compactEvents } from '#engine/ingest/compact-events.ts';
import { quarantineDepth } from '#engine/ingest/quarantine.ts';
import { streamOpener } from '#lambdas/open-stream.ts';
import { readEnvironment } from '#lambdas/read-environment.ts';
import { createTelemetry, emitMetrics } from '#lambdas/telemetry.ts';
import { logFields } from '#observe/log-fields.ts';
import { compactMetrics, dimensions } from '#observe/metric-names.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import { systemClock } from '#store/clock.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { createGlueClient, GluePartitions } from '#store/glue/partitions.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { environmentSchema } from './environment.ts';

/** No further day is begun so late; one that is cut off goes on in the next hour. */
const closingMillis = 60_000;

interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** Compacts the event logs of all stream sources, and counts what waits in quarantine. Fails if one of them did, after the others. */
export function createHandler({ manifest }: Repository): (event: unknown, context: InvocationContext) => Promise<void> {
  const environment = readEnvironment(environmentSchema);
  const deployment = { project: manifest.project, stage: environment.STAGE_NAME };
  const { logger, metrics } = createTelemetry('compact-events', deployment);
  const ports = {
    objects: new S3Objects(createS3Client(), environment.BUCKET_NAME),
    checkpoints: new DynamoCheckpoints(createDynamoClient(), environment.JOBS_TABLE_NAME),
    partitions: new GluePartitions(createGlueClient(), environment.DATABASE_NAME),
    openStream: streamOpener(environment.STREAM_NAMES),
    clock: systemClock,
  };
  const compact = async (source: StreamSource, stopMillis: number): Promise<void> => {
    const done = await compactEvents(ports, source, stopMillis);
    const depth = await quarantineDepth(ports.objects, source);
    logger.info('log compacted', { [logFields.source]: source.name, ...done, quarantineDepth: depth });
    emitMetrics(
      metrics,
      [dimensions.deployment(deployment), dimensions.source(deployment, source.name)],
      [
        [compactMetrics.daysCompacted, done.days],
        [compactMetrics.filesCompacted, done.files],
        [compactMetrics.quarantineDepth, depth],
      ],
    );
  };
  return async (_event, context) => {
    const stopMillis = systemClock() + context.getRemainingTimeInMillis() - closingMillis;
    const failures: unknown[] = [];
    for (const source of manifest.sources) {
      if (source.kind !== 'stream') continue;
      await compact(source, stopMillis).catch((error: unknown) => {
        logger.error('log not compacted', {
          [logFields.source]: source.name,
          [logFields.errorCode]: error instanceof TidemarkError ? error.code : 'unknown',
          error: error instanceof Error ? error : String(error),
        });
        failures.push(error);
      });
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `the event logs of ${failures.length} sources were not compacted`);
  };
}
