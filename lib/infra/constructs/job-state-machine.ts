import { Aws, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type * as z from 'zod/mini';
import type { DeploymentProps } from '#infra/config.ts';
import type { OfflineStore, TopFolder } from '#infra/constructs/offline-store.ts';
import { type EnvironmentSchema, ServiceFunction } from '#infra/constructs/service-function.ts';
import type { State } from '#infra/constructs/states.ts';
import { acknowledge, actions, allow } from '#infra/perms.ts';

export interface JobStateMachineProps {
  /** Physical name: functions are allowed to look at its executions before it is made. */
  readonly name: string;
  readonly comment: string;
  /** In Amazon States Language. References, names and numbers only: its data are logged. */
  readonly definition: State;
  readonly steps: readonly ServiceFunction[];
  /** Folder of the bucket in which the items of its Distributed Map lie. */
  readonly itemsFolder: TopFolder;
  readonly offlineStore: OfflineStore;
  readonly stage: DeploymentProps['stage'];
}

/** The state machine of a job: it may invoke its steps, read the items of its map and run that map, and nothing else. */
export function createJobStateMachine(scope: Construct, props: JobStateMachineProps): StateMachine {
  const { name, comment, definition, steps, itemsFolder, offlineStore, stage } = props;
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
  allow(
    role,
    actions.invokeFunctions,
    steps.map((step) => step.function.functionArn),
  );
  offlineStore.grantRead(role, [itemsFolder]);
  allow(role, actions.startMapRuns, [statesArn(scope, 'stateMachine', name)]);
  allow(role, actions.watchMapRuns, [statesArn(scope, 'execution', `${name}/*`), executionArns(scope, name)]);
  const stateMachine = new StateMachine(scope, 'StateMachine', {
    stateMachineName: name,
    comment,
    definitionBody: DefinitionBody.fromString(Stack.of(scope).toJsonString(definition)),
    role,
    tracingEnabled: true,
    logs: {
      destination: new LogGroup(scope, 'Logs', {
        retention: stage.logRetentionDays,
        removalPolicy: stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      }),
      level: LogLevel.ALL,
      includeExecutionData: true,
    },
  });
  acknowledge(role, 'log delivery and X-Ray have no resources to name', ['AwsSolutions-IAM5[Resource::*]']);
  return stateMachine;
}

/** What a step of a job says of itself; repository and stage are those of the deployment. */
export interface JobStepProps<TEnvironment extends EnvironmentSchema> {
  /** Folder under lambdas/. */
  readonly name: string;
  readonly description: string;
  readonly environmentSchema: TEnvironment;
  readonly environment: z.input<TEnvironment>;
  readonly timeout: Duration;
  readonly memoryMb: number;
}

/** Makes the functions of a construct, for the repository and stage of the deployment. */
export const stepsOf =
  (scope: Construct, { repositoryModule, stage }: Pick<DeploymentProps, 'repositoryModule' | 'stage'>) =>
  <TEnvironment extends EnvironmentSchema>(
    id: string,
    props: JobStepProps<TEnvironment>,
  ): ServiceFunction<TEnvironment> =>
    new ServiceFunction(scope, id, { ...props, repositoryModule, stage });
export type StepMaker = ReturnType<typeof stepsOf>;

/** ARNs of the steps' functions, by the names of the steps. */
export const functionArns = <TName extends string>(
  steps: Readonly<Record<TName, ServiceFunction>>,
): Record<TName, string> =>
  Object.fromEntries(
    Object.entries<ServiceFunction>(steps).map(([name, step]) => [name, step.function.functionArn]),
  ) as Record<TName, string>; // the same names

/** ARNs of the executions of a state machine, by its name: the functions' roles are made before it. */
export const executionArns = (scope: Construct, stateMachineName: string): string =>
  statesArn(scope, 'execution', `${stateMachineName}:*`);

/** ARN of a state machine, by its name: what starts it need not wait for it. */
export const stateMachineArn = (scope: Construct, name: string): string => statesArn(scope, 'stateMachine', name);

const statesArn = (scope: Construct, resource: string, name: string): string =>
  `arn:${Aws.PARTITION}:states:${Stack.of(scope).region}:${Stack.of(scope).account}:${resource}:${name}`;
