import { Aws, Duration } from 'aws-cdk-lib';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import type { ApiToken } from '#infra/constructs/api-token.ts';
import type { EventStreams } from '#infra/constructs/event-streams.ts';
import {
  createJobStateMachine,
  executionArns,
  functionArns,
  type StepMaker,
  stepsOf,
} from '#infra/constructs/job-state-machine.ts';
import type { JobsTable } from '#infra/constructs/jobs-table.ts';
import { folders, type OfflineStore } from '#infra/constructs/offline-store.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import { type TrainingSetFunctions, trainingSetsDefinition } from '#infra/constructs/training-sets-definition.ts';
import { actions, allow } from '#infra/perms.ts';
import { environmentSchema as completeDatasetEnvironment } from '#lambdas/complete-dataset/environment.ts';
import { environmentSchema as finishPartEnvironment } from '#lambdas/finish-part/environment.ts';
import { environmentSchema as joinFeaturesEnvironment } from '#lambdas/join-features/environment.ts';
import { environmentSchema as stageSpineEnvironment } from '#lambdas/stage-spine/environment.ts';
import { environmentSchema as apiEnvironment } from '#lambdas/training-sets-api/environment.ts';

export interface TrainingSetsProps extends DeploymentProps {
  readonly jobsTable: JobsTable;
  readonly offlineStore: OfflineStore;
  readonly apiToken: ApiToken;
  /** Absent where the manifest has no stream source. */
  readonly eventStreams?: EventStreams | undefined;
}

/** The state machine that builds training sets, its functions, and the function behind /v1/training-sets. */
export class TrainingSets extends Construct {
  readonly stateMachine: StateMachine;
  /** Answers POST /v1/training-sets and GET /v1/training-sets/{id}. */
  readonly apiFunction: ServiceFunction<typeof apiEnvironment>;
  private readonly props: TrainingSetsProps;
  private readonly step: StepMaker;
  private readonly stateMachineName: string;

  constructor(scope: Construct, id: string, props: TrainingSetsProps) {
    super(scope, id);
    this.props = props;
    this.step = stepsOf(this, props);
    this.stateMachineName = `tidemark-${props.manifest.project}-${props.stage.name}-training-set`;
    const steps = {
      stageSpine: this.stageSpine(),
      joinFeatures: this.joinFeatures(),
      finishPart: this.finishPart(),
      completeDataset: this.completeDataset(),
    } satisfies Record<keyof TrainingSetFunctions, ServiceFunction>;
    const { offlineStore, stage } = props;
    this.stateMachine = createJobStateMachine(this, {
      name: this.stateMachineName,
      comment: 'builds one training set',
      definition: trainingSetsDefinition({
        functions: functionArns(steps),
        bucketName: offlineStore.bucket.bucketName,
        partition: Aws.PARTITION,
      }),
      steps: Object.values(steps),
      itemsFolder: folders.trainingSets,
      offlineStore,
      stage,
    });
    this.apiFunction = this.createApiFunction();
  }

  private stageSpine(): ServiceFunction<typeof stageSpineEnvironment> {
    const { offlineStore, jobsTable, eventStreams, stage } = this.props;
    const { BUCKET_NAME } = offlineStore.environment;
    const step = this.step('StageSpine', {
      name: 'stage-spine',
      description: 'training set: checks the spine, stages it in parts, waits for event logs, pins what is read',
      environmentSchema: stageSpineEnvironment,
      environment: {
        BUCKET_NAME,
        ...jobsTable.environment,
        STREAM_NAMES: JSON.stringify(eventStreams?.names ?? {}),
        STAGE_NAME: stage.name,
      },
      timeout: Duration.minutes(15),
      memoryMb: 3072, // a part of a spine, decoded, and its bytes
    });
    jobsTable.grantUse(step);
    // An export at an instant of just now waits for the event logs to come to it.
    eventStreams?.grantRead(step);
    // A spine may lie among sources or be an earlier dataset; without the right to list, a missing one would look forbidden.
    offlineStore.grantList(step);
    // What is published decides which rows the joins read.
    offlineStore.grantRead(step, [folders.trainingSets, folders.datasets, folders.sources, folders.published]);
    offlineStore.grantWrite(step, [folders.trainingSets]);
    return step;
  }

  private joinFeatures(): ServiceFunction<typeof joinFeaturesEnvironment> {
    const { offlineStore, stage } = this.props;
    const step = this.step('JoinFeatures', {
      name: 'join-features',
      description: 'training set: the point-in-time join in Athena',
      environmentSchema: joinFeaturesEnvironment,
      environment: { ...offlineStore.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(5), // reads the footer of every file written
      memoryMb: 1024,
    });
    offlineStore.grantQuery(step, [folders.trainingSets]);
    return step;
  }

  private finishPart(): ServiceFunction<typeof finishPartEnvironment> {
    const { offlineStore, stage } = this.props;
    const { BUCKET_NAME } = offlineStore.environment;
    const step = this.step('FinishPart', {
      name: 'finish-part',
      description: 'training set: on-demand features, row order, one file of the dataset',
      environmentSchema: finishPartEnvironment,
      environment: { BUCKET_NAME, STAGE_NAME: stage.name },
      timeout: Duration.minutes(15),
      memoryMb: 3072, // all values of a part, see maximumPartValues
    });
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.trainingSets, folders.datasets]);
    offlineStore.grantWrite(step, [folders.trainingSets, folders.datasets]);
    return step;
  }

  private completeDataset(): ServiceFunction<typeof completeDatasetEnvironment> {
    const { offlineStore, jobsTable, stage } = this.props;
    const { BUCKET_NAME } = offlineStore.environment;
    const step = this.step('CompleteDataset', {
      name: 'complete-dataset',
      description: 'training set: reconciles rows and writes the manifest, or the reason of a failure',
      environmentSchema: completeDatasetEnvironment,
      environment: { BUCKET_NAME, ...jobsTable.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(5),
      memoryMb: 1024,
    });
    jobsTable.grantUse(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.trainingSets, folders.datasets]);
    offlineStore.grantWrite(step, [folders.datasets]);
    offlineStore.grantDelete(step, [folders.datasets]);
    return step;
  }

  private createApiFunction(): ServiceFunction<typeof apiEnvironment> {
    const { offlineStore, jobsTable, apiToken, stage } = this.props;
    const { BUCKET_NAME } = offlineStore.environment;
    const step = this.step('TrainingSetsApi', {
      name: 'training-sets-api',
      description: 'answers /v1/training-sets',
      environmentSchema: apiEnvironment,
      environment: {
        BUCKET_NAME,
        ...jobsTable.environment,
        ...apiToken.environment,
        TRAINING_SET_STATE_MACHINE_ARN: this.stateMachine.stateMachineArn,
        STAGE_NAME: stage.name,
      },
      timeout: Duration.seconds(15),
      memoryMb: 512,
    });
    apiToken.grantRead(step);
    jobsTable.grantUse(step);
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.trainingSets, folders.datasets, folders.sources]);
    allow(step, actions.startBuilds, [this.stateMachine.stateMachineArn]);
    allow(step, actions.describeExecutions, [executionArns(this, this.stateMachineName)]);
    return step;
  }
}
