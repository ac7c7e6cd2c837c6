import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as InvokeFunction } from 'aws-cdk-lib/aws-events-targets';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import type { EventStreams } from '#infra/constructs/event-streams.ts';
import { type StepMaker, stepsOf } from '#infra/constructs/job-state-machine.ts';
import type { JobsTable } from '#infra/constructs/jobs-table.ts';
import { folders, type OfflineStore } from '#infra/constructs/offline-store.ts';
import type { OnlineStore } from '#infra/constructs/online-store.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import { acknowledge } from '#infra/perms.ts';
import { environmentSchema as aggregateEventsEnvironment } from '#lambdas/aggregate-events/environment.ts';
import { environmentSchema as archiveEventsEnvironment } from '#lambdas/archive-events/environment.ts';
import { environmentSchema as compactEventsEnvironment } from '#lambdas/compact-events/environment.ts';

export interface StreamProps extends DeploymentProps {
  readonly eventStreams: EventStreams;
  readonly onlineStore: OnlineStore;
  readonly jobsTable: JobsTable;
  readonly offlineStore: OfflineStore;
}

/** The two consumers of one stream source. */
export interface StreamConsumers {
  readonly source: string;
  readonly streamName: string;
  readonly aggregate: ServiceFunction;
  readonly archive: ServiceFunction;
}

/** How records of a source's stream are handed to a function. */
interface Delivery {
  readonly source: string;
  readonly to: ServiceFunction;
  readonly batchSize: number;
  /** Seconds that Lambda collects records for a batch; 0: as soon as there are any. */
  readonly windowSeconds: number;
}

/** As soon as they arrive; enough at once that the events of an entity are coalesced into one write when many come. */
const lowLatency = { batchSize: 500, windowSeconds: 0 };
/** The most that Lambda takes, of 6 MB at most: an archive file is a batch. */
const largestBatch = 10_000;

/** What happens to events: windows online within seconds, the log behind training sets, its compaction. */
export class Stream extends Construct {
  readonly consumers: readonly StreamConsumers[];
  readonly compactFunction: ServiceFunction;
  private readonly props: StreamProps;
  private readonly step: StepMaker;

  constructor(scope: Construct, id: string, props: StreamProps) {
    super(scope, id);
    this.props = props;
    this.step = stepsOf(this, props);
    const { archiveWindowSeconds } = props.stage;
    this.consumers = Object.entries(props.eventStreams.names).map(([source, streamName]) => {
      const consumers = {
        source,
        streamName,
        aggregate: this.aggregateEvents(source),
        archive: this.archiveEvents(source),
      };
      this.deliver(`${source}-AggregateRecords`, { source, to: consumers.aggregate, ...lowLatency });
      const longBatches = { batchSize: largestBatch, windowSeconds: archiveWindowSeconds };
      this.deliver(`${source}-ArchiveRecords`, { source, to: consumers.archive, ...longBatches });
      return consumers;
    });
    this.compactFunction = this.compactEvents();
  }

  private aggregateEvents(source: string): ServiceFunction<typeof aggregateEventsEnvironment> {
    const { offlineStore, onlineStore, eventStreams, stage } = this.props;
    const consumer = this.step(`${source}-Aggregate`, {
      name: 'aggregate-events',
      description: `stream ${source}: folds events into the online items of its views`,
      environmentSchema: aggregateEventsEnvironment,
      environment: {
        SOURCE_NAME: source,
        BUCKET_NAME: offlineStore.environment.BUCKET_NAME,
        ...onlineStore.environment,
        STREAM_RETENTION_HOURS: String(stage.streamRetentionHours),
        STAGE_NAME: stage.name,
      },
      timeout: Duration.minutes(1),
      memoryMb: 1769, // one whole CPU: folding and encoding are what limits it
    });
    eventStreams.grantConsume(consumer, source);
    onlineStore.grantApplyEvents(consumer);
    offlineStore.grantList(consumer);
    offlineStore.grantRead(consumer, [folders.state]);
    offlineStore.grantWrite(consumer, [folders.state]);
    return consumer;
  }

  private archiveEvents(source: string): ServiceFunction<typeof archiveEventsEnvironment> {
    const { offlineStore, jobsTable, eventStreams, stage } = this.props;
    const { BUCKET_NAME, DATABASE_NAME } = offlineStore.environment;
    const consumer = this.step(`${source}-Archive`, {
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
    offlineStore.grantRead(consumer, [folders.events]);
    offlineStore.grantWrite(consumer, [folders.events, folders.quarantine]);
    offlineStore.grantRegisterPartitions(consumer);
    return consumer;
  }

  private compactEvents(): ServiceFunction<typeof compactEventsEnvironment> {
    const { offlineStore, jobsTable, eventStreams, stage } = this.props;
    const { BUCKET_NAME, DATABASE_NAME } = offlineStore.environment;
    const step = this.step('CompactEvents', {
      name: 'compact-events',
      description: 'streams: joins the small files of past days, counts what lies in quarantine',
      environmentSchema: compactEventsEnvironment,
      environment: {
        BUCKET_NAME,
        DATABASE_NAME,
        ...jobsTable.environment,
        STREAM_NAMES: JSON.stringify(eventStreams.names),
        STAGE_NAME: stage.name,
      },
      timeout: Duration.minutes(15),
      memoryMb: 3072, // rows of a file of the compacted log, and its bytes
    });
    eventStreams.grantRead(step);
    jobsTable.grantUse(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.events, folders.eventsCompacted]);
    offlineStore.grantWrite(step, [folders.eventsCompacted]);
    // Files that a compacted one stands for, once no statement reads them any more.
    offlineStore.grantDelete(step, [folders.events, folders.eventsCompacted]);
    offlineStore.grantRegisterPartitions(step);
    const rule = new Rule(this, 'Compaction', {
      description: 'compacts the event logs',
      schedule: Schedule.cron({ minute: '20' }),
      targets: [new InvokeFunction(step.function)],
    });
    acknowledge(rule, 'the next hour does what a lost start would have done', ['Serverless-EventBusDLQ']);
    return step;
  }

  /**
   * Shards are read one batch at a time, in order, from their oldest record. A part of a batch that a retry can cure is reported by its first
   * record and tried again for as long as the stream keeps it: nothing is ever skipped, and nothing goes around a record that waits.
   * What can never succeed the functions put aside themselves. A batch that kills its function comes back in halves, so that one of too
   * much work gets through in the end.
   */
  private deliver(id: string, { source, to, batchSize, windowSeconds }: Delivery): void {
    const mapping = new CfnEventSourceMapping(this, id, {
      functionName: to.function.functionName,
      eventSourceArn: this.props.eventStreams.arnOf(source),
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
    mapping.node.addDependency(this.props.eventStreams, to);
    acknowledge(mapping, 'records are retried for as long as they are kept, so none is ever discarded', [
      'Serverless-LambdaEventSourceMappingDestination',
    ]);
  }
}
