import { Aws, Duration } from 'aws-cdk-lib';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import {
  createJobStateMachine,
  executionArns,
  functionArns,
  type StepMaker,
  stepsOf,
} from '#infra/constructs/job-state-machine.ts';
import type { JobsTable } from '#infra/constructs/jobs-table.ts';
import { materializationDefinition, type RunFunctions } from '#infra/constructs/materialization-definition.ts';
import { folders, type OfflineStore } from '#infra/constructs/offline-store.ts';
import type { OnlineStore } from '#infra/constructs/online-store.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import { actions, allow } from '#infra/perms.ts';
import { environmentSchema as checkQueryEnvironment } from '#lambdas/check-query/environment.ts';
import { environmentSchema as finishRunEnvironment } from '#lambdas/finish-run/environment.ts';
import { environmentSchema as planRunEnvironment } from '#lambdas/plan-run/environment.ts';
import { environmentSchema as publishRunEnvironment } from '#lambdas/publish-run/environment.ts';
import { environmentSchema as splitRowsEnvironment } from '#lambdas/split-rows/environment.ts';
import { environmentSchema as startQueryEnvironment } from '#lambdas/start-query/environment.ts';
import { environmentSchema as writeOnlineEnvironment } from '#lambdas/write-online/environment.ts';

export interface MaterializationProps extends DeploymentProps {
  readonly onlineStore: OnlineStore;
  readonly jobsTable: JobsTable;
  readonly offlineStore: OfflineStore;
}

/** The state machine that moves feature rows from the sources to the feature rows and to the online store, and its functions. */
export class Materialization extends Construct {
  readonly stateMachine: StateMachine;
  /** Backfills have some of the steps too. */
  readonly steps: Readonly<Record<keyof RunFunctions, ServiceFunction>>;
  private readonly props: MaterializationProps;
  private readonly step: StepMaker;
  /** Physical name: it is known before the state machine is made. */
  readonly stateMachineName: string;

  constructor(scope: Construct, id: string, props: MaterializationProps) {
    super(scope, id);
    this.props = props;
    this.step = stepsOf(this, props);
    this.stateMachineName = `tidemark-${props.manifest.project}-${props.stage.name}-materialize`;
    this.steps = {
      planRun: this.planRun(),
      startQuery: this.startQuery(),
      checkQuery: this.checkQuery(),
      publishRun: this.publishRun(),
      splitRows: this.splitRows(),
      writeOnline: this.writeOnline(),
      finishRun: this.finishRun(),
    };
    const { offlineStore, stage } = props;
    this.stateMachine = createJobStateMachine(this, {
      name: this.stateMachineName,
      comment: 'materialization of one view',
      definition: materializationDefinition({
        functions: functionArns(this.steps),
        bucketName: offlineStore.bucket.bucketName,
        partition: Aws.PARTITION,
      }),
      steps: Object.values(this.steps),
      itemsFolder: folders.runs,
      offlineStore,
      stage,
    });
  }

  private planRun(): ServiceFunction<typeof planRunEnvironment> {
    const { offlineStore, jobsTable, stage } = this.props;
    const { BUCKET_NAME, DATABASE_NAME } = offlineStore.environment;
    const step = this.step('PlanRun', {
      name: 'plan-run',
      description: 'materialization: lock and plan',
      environmentSchema: planRunEnvironment,
      environment: { BUCKET_NAME, DATABASE_NAME, ...jobsTable.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(5), // lists every object of a source
      memoryMb: 1024,
    });
    jobsTable.grantUse(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.state, folders.published]);
    offlineStore.grantWrite(step, [folders.state, folders.published, folders.runs]);
    allow(step, actions.describeExecutions, [executionArns(this, this.stateMachineName)]);
    return step;
  }

  private startQuery(): ServiceFunction<typeof startQueryEnvironment> {
    const { offlineStore, jobsTable, stage } = this.props;
    const step = this.step('StartQuery', {
      name: 'start-query',
      description: 'materialization: starts a statement',
      environmentSchema: startQueryEnvironment,
      environment: { ...offlineStore.environment, ...jobsTable.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(1),
      memoryMb: 512,
    });
    jobsTable.grantUse(step);
    offlineStore.grantQuery(step, [folders.featureRows, folders.runs]);
    offlineStore.grantRead(step, [folders.runs]);
    return step;
  }

  private checkQuery(): ServiceFunction<typeof checkQueryEnvironment> {
    const { offlineStore, stage } = this.props;
    const step = this.step('CheckQuery', {
      name: 'check-query',
      description: 'materialization: looks at a statement and counts what it wrote',
      environmentSchema: checkQueryEnvironment,
      environment: { ...offlineStore.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(5), // reads the footer of every file written
      memoryMb: 1024,
    });
    offlineStore.grantWatchQueries(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.athenaResults, folders.featureRows, folders.runs]);
    offlineStore.grantWrite(step, [folders.runs]);
    return step;
  }

  private publishRun(): ServiceFunction<typeof publishRunEnvironment> {
    const { offlineStore, jobsTable, stage } = this.props;
    const { BUCKET_NAME, DATABASE_NAME } = offlineStore.environment;
    const step = this.step('PublishRun', {
      name: 'publish-run',
      description: 'materialization: makes the feature rows of a run visible',
      environmentSchema: publishRunEnvironment,
      environment: { BUCKET_NAME, DATABASE_NAME, ...jobsTable.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(5),
      memoryMb: 1024,
    });
    jobsTable.grantUse(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.runs, folders.state, folders.published]);
    offlineStore.grantWrite(step, [folders.runs, folders.state, folders.published]);
    offlineStore.grantRegisterPartitions(step);
    return step;
  }

  private splitRows(): ServiceFunction<typeof splitRowsEnvironment> {
    const { offlineStore, jobsTable, stage } = this.props;
    const { BUCKET_NAME } = offlineStore.environment;
    const step = this.step('SplitRows', {
      name: 'split-rows',
      description: 'materialization: cuts the selected rows into items',
      environmentSchema: splitRowsEnvironment,
      environment: { BUCKET_NAME, ...jobsTable.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(1),
      memoryMb: 512,
    });
    jobsTable.grantUse(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.runs]);
    offlineStore.grantWrite(step, [folders.runs]);
    return step;
  }

  private writeOnline(): ServiceFunction<typeof writeOnlineEnvironment> {
    const { offlineStore, onlineStore, stage } = this.props;
    const { BUCKET_NAME } = offlineStore.environment;
    const step = this.step('WriteOnline', {
      name: 'write-online',
      description: 'materialization: writes rows to the online store, newer wins',
      environmentSchema: writeOnlineEnvironment,
      environment: { BUCKET_NAME, ...onlineStore.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(15),
      memoryMb: 1769, // one whole CPU: encoding is what limits it
    });
    onlineStore.grantWrite(step);
    offlineStore.grantRead(step, [folders.runs]);
    offlineStore.grantWrite(step, [folders.runs]);
    return step;
  }

  private finishRun(): ServiceFunction<typeof finishRunEnvironment> {
    const { offlineStore, jobsTable, stage } = this.props;
    const { BUCKET_NAME } = offlineStore.environment;
    const step = this.step('FinishRun', {
      name: 'finish-run',
      description: 'materialization: reconciles rows, writes the record, frees the lock',
      environmentSchema: finishRunEnvironment,
      environment: { BUCKET_NAME, ...jobsTable.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(5),
      memoryMb: 512,
    });
    jobsTable.grantUse(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.runs, folders.state]);
    offlineStore.grantWrite(step, [folders.state]);
    offlineStore.grantDelete(step, [folders.featureRows, folders.runs]);
    return step;
  }
}
