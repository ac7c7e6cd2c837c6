import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as InvokeFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import type { EventStreams } from '#infra/constructs/event-streams.ts';
import { type StepMaker, stepsOf } from '#infra/constructs/job-state-machine.ts';
import type { JobsTable } from '#infra/constructs/jobs-table.ts';
import { folders, type OfflineStore } from '#infra/constructs/offline-store.ts';
import type { OnlineStore } from '#infra/constructs/online-store.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import { archiveEvents, deliverRecords } from '#infra/constructs/stream-consumers.ts';
import { acknowledge } from '#infra/perms.ts';
import { environmentSchema as aggregateEventsEnvironment } from '#lambdas/aggregate-events/environment.ts';
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

/** As soon as they arrive; enough at once that the events of an entity are coalesced into one write when many come. */
const lowLatency = { batchSize: 500, windowSeconds: 0 };
const archived = { log: folders.events, quarantine: folders.quarantine };

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
    const { eventStreams } = props;
    this.consumers = Object.entries(props.eventStreams.names).map(([source, streamName]) => {
      const consumers = {
        source,
        streamName,
        aggregate: this.aggregateEvents(source),
        archive: archiveEvents(this, source, { ...props, folders: archived }),
      };
      deliverRecords(this, `${source}-AggregateRecords`, {
        eventStreams,
        source,
        to: consumers.aggregate,
        ...lowLatency,
      });
      props.offlineStore.grantRegisterPartitions(consumers.archive);
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
}
