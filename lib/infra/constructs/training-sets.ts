import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type * as z from 'zod/mini';
import type { DeploymentProps } from '#infra/config.ts';
import type { ApiToken } from '#infra/constructs/api-token.ts';
import type { JobsTable } from '#infra/constructs/jobs-table.ts';
import { folders, type OfflineStore } from '#infra/constructs/offline-store.ts';
import { type EnvironmentSchema, ServiceFunction } from '#infra/constructs/service-function.ts';
import { type TrainingSetFunctions, trainingSetsDefinition } from '#infra/constructs/training-sets-definition.ts';
import { acknowledge, actions, allow } from '#infra/perms.ts';
import { environmentSchema as completeDatasetEnvironment } from '#lambdas/complete-dataset/environment.ts';
import { environmentSchema as finishPartEnvironment } from '#lambdas/finish-part/environment.ts';
import { environmentSchema as joinFeaturesEnvironment } from '#lambdas/join-features/environment.ts';
import { environmentSchema as stageSpineEnvironment } from '#lambdas/stage-spine/environment.ts';
import { environmentSchema as apiEnvironment } from '#lambdas/training-sets-api/environment.ts';

export interface TrainingSetsProps extends DeploymentProps {
  readonly jobsTable: JobsTable;
  readonly offlineStore: OfflineStore;
  readonly apiToken: ApiToken;
}

interface StepProps<TEnvironment extends EnvironmentSchema> {
  /** Folder under lambdas/. */
  readonly name: string;
  readonly description: string;
  readonly environmentSchema: TEnvironment;
  readonly environment: z.input<TEnvironment>;
  readonly timeout: Duration;
  readonly memoryMb: number;
}

/** The state machine that builds training sets, its functions, and the function behind /v1/training-sets. */
export class TrainingSets extends Construct {
  readonly stateMachine: StateMachine;
  /** Answers POST /v1/training-sets and GET /v1/training-sets/{id}. */
  readonly apiFunction: ServiceFunction<typeof apiEnvironment>;
  private readonly props: TrainingSetsProps;
  private readonly stateMachineName: string;

  constructor(scope: Construct, id: string, props: TrainingSetsProps) {
    super(scope, id);
    this.props = props;
    this.stateMachineName = `tidemark-${props.manifest.project}-${props.stage.name}-training-set`;
    const steps = {
      stageSpine: this.stageSpine(),
      joinFeatures: this.joinFeatures(),
      finishPart: this.finishPart(),
      completeDataset: this.completeDataset(),
    } satisfies Record<keyof TrainingSetFunctions, ServiceFunction>;
    this.stateMachine = this.createStateMachine(Object.values(steps), {
      stageSpine: steps.stageSpine.function.functionArn,
      joinFeatures: steps.joinFeatures.function.functionArn,
      finishPart: steps.finishPart.function.functionArn,
      completeDataset: steps.completeDataset.function.functionArn,
    });
    this.apiFunction = this.createApiFunction();
  }

  private createStateMachine(steps: readonly ServiceFunction[], functions: TrainingSetFunctions): StateMachine {
    const { offlineStore, stage } = this.props;
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    allow(
      role,
      actions.invokeFunctions,
      steps.map((step) => step.function.functionArn),
    );
    offlineStore.grantRead(role, [folders.trainingSets]);
    const executionArns = this.arn('execution', `${this.stateMachineName}:*`);
    allow(role, actions.startMapRuns, [this.arn('stateMachine', this.stateMachineName)]);
    allow(role, actions.watchMapRuns, [this.arn('execution', `${this.stateMachineName}/*`), executionArns]);
    const definition = trainingSetsDefinition({
      functions,
      bucketName: offlineStore.bucket.bucketName,
      partition: Aws.PARTITION,
    });
    const stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: this.stateMachineName,
      comment: 'builds one training set',
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      role,
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Logs', {
          retention: stage.logRetentionDays,
          removalPolicy: stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        // References and numbers only: no state carries rows.
        includeExecutionData: true,
      },
    });
    acknowledge(role, 'log delivery and X-Ray have no resources to name', ['AwsSolutions-IAM5[Resource::*]']);
    return stateMachine;
  }

  private stageSpine(): ServiceFunction<typeof stageSpineEnvironment> {
    const { offlineStore, jobsTable, stage } = this.props;
    const { BUCKET_NAME } = offlineStore.environment;
    const step = this.step('StageSpine', {
      name: 'stage-spine',
      description: 'training set: checks the spine and stages it in parts',
      environmentSchema: stageSpineEnvironment,
      environment: { BUCKET_NAME, ...jobsTable.environment, STAGE_NAME: stage.name },
      timeout: Duration.minutes(15),
      memoryMb: 3072, // a part of a spine, decoded, and its bytes
    });
    jobsTable.grantUse(step);
    // A spine may lie among sources or be an earlier dataset; without the right to list, a missing one would look forbidden.
    offlineStore.grantList(step);
    offlineStore.grantRead(step, [folders.trainingSets, folders.datasets, folders.sources]);
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
    allow(step, actions.describeExecutions, [this.arn('execution', `${this.stateMachineName}:*`)]);
    return step;
  }

  private step<TEnvironment extends EnvironmentSchema>(
    id: string,
    props: StepProps<TEnvironment>,
  ): ServiceFunction<TEnvironment> {
    const { repositoryModule, stage } = this.props;
    return new ServiceFunction(this, id, { ...props, repositoryModule, stage });
  }

  /** By name: the role of the state machine is made before the machine. */
  private arn(resource: string, name: string): string {
    return `arn:${Aws.PARTITION}:states:${Stack.of(this).region}:${Stack.of(this).account}:${resource}:${name}`;
  }
}
