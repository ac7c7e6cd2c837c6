import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import type { ApiToken } from '#infra/constructs/api-token.ts';
import type { EventStreams } from '#infra/constructs/event-streams.ts';
import { executionArns, stateMachineArn } from '#infra/constructs/job-state-machine.ts';
import type { JobsTable } from '#infra/constructs/jobs-table.ts';
import type { OfflineStore } from '#infra/constructs/offline-store.ts';
import type { OnlineStore } from '#infra/constructs/online-store.ts';
import { ServiceFunction } from '#infra/constructs/service-function.ts';
import { actions, allow } from '#infra/perms.ts';
import { environmentSchema } from '#lambdas/write-features/environment.ts';

export interface WriteFunctionProps extends DeploymentProps {
  readonly onlineStore: OnlineStore;
  readonly offlineStore: OfflineStore;
  readonly apiToken: ApiToken;
  readonly jobsTable: JobsTable;
  readonly eventStreams?: EventStreams | undefined;
  /** Physical name of the state machine that runs materialization. */
  readonly materializeStateMachineName: string;
}

/**
 * The function behind Feast's routes that write: puts events into streams, files into the folders of sources and rows into the online
 * store (reading neither), and starts runs of materialization.
 */
export function createWriteFunction(
  scope: Construct,
  props: WriteFunctionProps,
): ServiceFunction<typeof environmentSchema> {
  const { repositoryModule, stage, onlineStore, offlineStore, apiToken, jobsTable, eventStreams } = props;
  const materializeArn = stateMachineArn(scope, props.materializeStateMachineName);
  const writeFunction = new ServiceFunction(scope, 'WriteFeatures', {
    name: 'write-features',
    description: 'answers the routes of Feast that write: rows into streams, sources and the online store, runs',
    repositoryModule,
    stage,
    environmentSchema,
    environment: {
      BUCKET_NAME: offlineStore.environment.BUCKET_NAME,
      ...onlineStore.environment,
      ...jobsTable.environment,
      ...apiToken.environment,
      STREAM_NAMES: JSON.stringify(eventStreams?.names ?? {}),
      MATERIALIZE_STATE_MACHINE_ARN: materializeArn,
      STAGE_NAME: stage.name,
    },
    timeout: Duration.seconds(25), // API Gateway waits for 29
    memoryMb: 1024,
  });
  onlineStore.grantWrite(writeFunction);
  offlineStore.grantPushRows(writeFunction);
  eventStreams?.grantPut(writeFunction);
  jobsTable.grantTokens(writeFunction);
  apiToken.grantRead(writeFunction);
  allow(writeFunction, actions.startRuns, [materializeArn]);
  allow(writeFunction, actions.describeExecutions, [executionArns(scope, props.materializeStateMachineName)]);
  return writeFunction;
}
