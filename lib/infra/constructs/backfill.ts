import { Aws, Duration } from 'aws-cdk-lib';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { backfillDefinition } from '#infra/constructs/backfill-definition.ts';
import type { EventStreams } from '#infra/constructs/event-streams.ts';
import {
  createJobStateMachine,
  executionArns,
  functionArns,
  type StepMaker,
  stepsOf,
} from '#infra/constructs/job-state-machine.ts';
import type { Materialization, MaterializationProps } from '#infra/constructs/materialization.ts';
import { folders } from '#infra/constructs/offline-store.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import { actions, allow } from '#infra/perms.ts';
import { environmentSchema as awaitArchiveEnvironment } from '#lambdas/await-archive/environment.ts';
import { environmentSchema as mergeHistoryEnvironment } from '#lambdas/merge-history/environment.ts';
import { environmentSchema as planBackfillEnvironment } from '#lambdas/plan-backfill/environment.ts';
import type { Manifest } from '#spec/manifest.ts';

export interface BackfillProps extends MaterializationProps {
  readonly eventStreams: EventStreams;
  /** Statements, their results, the split and the end of a run are the same for both machines. */
  readonly materialization: Materialization;
  /** How far ahead of its claim a cut lies: longer than any batch of the streams' consumers takes. @default Duration.minutes(5) */
  readonly cutAhead?: Duration;
}

/** The statement, the merge and the patience with a late archive; the wait for the cut comes on top. */
const workSeconds = 8 * 3600;

/** The state machine that brings the history of views over streams online, and the functions that are its own. */
export class Backfill extends Construct {
  readonly stateMachine: StateMachine;
  private readonly props: BackfillProps;
  private readonly step: StepMaker;
  private readonly stateMachineName: string;
  private readonly cutAheadSeconds: number;

  constructor(scope: Construct, id: string, props: BackfillProps) {
    super(scope, id);
    this.props = props;
    this.step = stepsOf(this, props);
    this.cutAheadSeconds = (props.cutAhead ?? Duration.minutes(5)).toSeconds();
    const { manifest, offlineStore, stage } = props;
    this.stateMachineName = `tidemark-${manifest.project}-${stage.name}-backfill`;
    const { startQuery, checkQuery, splitRows, finishRun } = props.materialization.steps;
    const steps = {
      planBackfill: this.planBackfill(),
      awaitArchive: this.awaitArchive(),
      startQuery,
      checkQuery,
      splitRows,
      mergeHistory: this.mergeHistory(),
      finishRun,
    };
    this.stateMachine = createJobStateMachine(this, {
      name: this.stateMachineName,
      comment: 'backfill of one view over a stream',
      definition: backfillDefinition({
        functions: functionArns(steps),
        bucketName: offlineStore.bucket.bucketName,
        partition: Aws.PARTITION,
        timeoutSeconds: workSeconds + this.cutAheadSeconds + longestRepeatSeconds(manifest),
      }),
      steps: Object.values(steps),
      itemsFolder: folders.runs,
      offlineStore,
      stage,
    });
  }

  private planBackfill(): ServiceFunction<typeof planBackfillEnvironment> {
    const { offlineStore, jobsTable, stage } = this.props;
    const step = this.step('PlanBackfill', {
      name: 'plan-backfill',
      description: 'backfill: lock, run and cut',
      environmentSchema: planBackfillEnvironment,
      environment: {
        BUCKET_NAME: offlineStore.environment.BUCKET_NAME,
        ...jobsTable.environment,
        CUT_AHEAD_SECONDS: String(this.cutAheadSeconds),
        STAGE_NAME: stage.name,
      },
      timeout: Duration.minutes(1),
      memoryMb: 512,
    });
    jobsTable.grantUse(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.state, folders.runs]);
    offlineStore.grantWrite(step, [folders.state, folders.runs]);
    allow(step, actions.describeExecutions, [executionArns(this, this.stateMachineName)]);
    return step;
  }

  private awaitArchive(): ServiceFunction<typeof awaitArchiveEnvironment> {
    const { offlineStore, jobsTable, eventStreams, stage } = this.props;
    const { BUCKET_NAME, DATABASE_NAME } = offlineStore.environment;
    const step = this.step('AwaitArchive', {
      name: 'await-archive',
      description: 'backfill: looks whether the event log has come to the cut, then writes the statement',
      environmentSchema: awaitArchiveEnvironment,
      environment: {
        BUCKET_NAME,
        DATABASE_NAME,
        ...jobsTable.environment,
        STREAM_NAMES: JSON.stringify(eventStreams.names),
        STAGE_NAME: stage.name,
      },
      timeout: Duration.minutes(5), // looks into every shard, of which each answers five times a second
      memoryMb: 512,
    });
    jobsTable.grantUse(step);
    eventStreams.grantRead(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.runs]);
    offlineStore.grantWrite(step, [folders.runs]);
    return step;
  }

  private mergeHistory(): ServiceFunction<typeof mergeHistoryEnvironment> {
    const { offlineStore, onlineStore, stage } = this.props;
    const step = this.step('MergeHistory', {
      name: 'merge-history',
      description: 'backfill: merges the history of entities into their online items, each once',
      environmentSchema: mergeHistoryEnvironment,
      environment: {
        BUCKET_NAME: offlineStore.environment.BUCKET_NAME,
        ...onlineStore.environment,
        STAGE_NAME: stage.name,
      },
      timeout: Duration.minutes(15),
      memoryMb: 1769, // one whole CPU: decoding and packing are what limits it
    });
    onlineStore.grantApplyEvents(step);
    offlineStore.grantRead(step, [folders.runs]);
    offlineStore.grantWrite(step, [folders.runs]);
    return step;
  }
}

/** Where a source deduplicates, a cut lies further ahead by the time in which a copy is told from an event (engine/ingest/cuts.ts). */
const longestRepeatSeconds = ({ sources }: Manifest): number =>
  Math.ceil(
    Math.max(
      0,
      ...sources.map((source) =>
        source.kind === 'stream' && source.deduplicateBy
          ? source.deduplicateBy.withinMillis + source.allowedSkewMillis
          : 0,
      ),
    ) / 1000,
  );
