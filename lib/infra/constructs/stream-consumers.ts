import { Duration } from 'aws-cdk-lib';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import type { EventStreams } from '#infra/constructs/event-streams.ts';
import { stepsOf } from '#infra/constructs/job-state-machine.ts';
import type { JobsTable } from '#infra/constructs/jobs-table.ts';
import type { OfflineStore, TopFolder } from '#infra/constructs/offline-store.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import { acknowledge } from '#infra/perms.ts';
import { environmentSchema as archiveEventsEnvironment } from '#lambdas/archive-events/environment.ts';

/** How records of a source's stream are handed to a function. */
export interface Delivery {
  readonly eventStreams: EventStreams;
  readonly source: string;
  readonly to: ServiceFunction;
  readonly batchSize: number;
  /** Seconds that Lambda collects records for a batch; 0: as soon as there are any. */
  readonly windowSeconds: number;
}

export interface ArchiveProps extends DeploymentProps {
  readonly eventStreams: EventStreams;
  readonly jobsTable: JobsTable;
  readonly offlineStore: OfflineStore;
  /** Where files of the log and what can never succeed are put. */
  readonly folders: { readonly log: TopFolder; readonly quarantine: TopFolder };
}

/** The most that Lambda takes, of 6 MB at most: an archive file is a batch. */
const largestBatch = 10_000;

/** The function that keeps the records of a source's stream in its log, and their delivery to it. */
export function archiveEvents(
  scope: Construct,
  source: string,
  props: ArchiveProps,
): ServiceFunction<typeof archiveEventsEnvironment> {
  const { offlineStore, jobsTable, eventStreams, stage, folders } = props;
  const { BUCKET_NAME, DATABASE_NAME } = offlineStore.environment;
  const consumer = stepsOf(scope, props)(`${source}-Archive`, {
    name: 'archive-events',
    description: `stream ${source}: keeps events in the log and puts aside what can never succeed`,
    environmentSchema: archiveEventsEnvironment,
    environment: {
      SOURCE_NAME: source,
      BUCKET_NAME,
      DATABASE_NAME,
      ...jobsTable.environment,
      STAGE_NAME: stage.name,
    },
    timeout: Duration.minutes(3),
    memoryMb: 1769, // a batch, decoded, as columns and as a file: well below; one whole CPU
  });
  eventStreams.grantConsume(consumer, source);
  jobsTable.grantUse(consumer);
  offlineStore.grantList(consumer);
  offlineStore.grantRead(consumer, [folders.log]);
  offlineStore.grantWrite(consumer, [folders.log, folders.quarantine]);
  const windowSeconds = stage.archiveWindowSeconds;
  const delivery = { eventStreams, source, to: consumer, batchSize: largestBatch, windowSeconds };
  deliverRecords(scope, `${source}-ArchiveRecords`, delivery);
  return consumer;
}

/**
 * Shards are read one batch at a time, in order, from their oldest record. A part of a batch that a retry can cure is reported by its first
 * record and tried again for as long as the stream keeps it: nothing is ever skipped, and nothing goes around a record that waits.
 * What can never succeed the functions put aside themselves. A batch that kills its function comes back in halves, so that one of too
 * much work gets through in the end.
 */
export function deliverRecords(scope: Construct, id: string, delivery: Delivery): void {
  const { eventStreams, source, to, batchSize, windowSeconds } = delivery;
  const mapping = new CfnEventSourceMapping(scope, id, {
    functionName: to.function.functionName,
    eventSourceArn: eventStreams.arnOf(source),
    startingPosition: 'TRIM_HORIZON',
    batchSize,
    maximumBatchingWindowInSeconds: windowSeconds,
    parallelizationFactor: 1,
    functionResponseTypes: ['ReportBatchItemFailures'],
    bisectBatchOnFunctionError: true,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: -1,
  });
  // Lambda tries to read when the mapping is made: stream, role and rights come first.
  mapping.node.addDependency(eventStreams, to);
  acknowledge(mapping, 'records are retried for as long as they are kept, so none is ever discarded', [
    'Serverless-LambdaEventSourceMappingDestination',
  ]);
}
