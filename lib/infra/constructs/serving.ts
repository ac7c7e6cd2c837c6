import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import type { ApiToken } from '#infra/constructs/api-token.ts';
import type { EventStreams } from '#infra/constructs/event-streams.ts';
import type { JobsTable } from '#infra/constructs/jobs-table.ts';
import type { OnlineStore } from '#infra/constructs/online-store.ts';
import { ServiceFunction } from '#infra/constructs/service-function.ts';
import { ServingApi } from '#infra/constructs/serving-api.ts';
import { environmentSchema as pushEventsEnvironment } from '#lambdas/push-events/environment.ts';
import { environmentSchema } from '#lambdas/serve-features/environment.ts';

export interface ServingProps extends DeploymentProps {
  readonly onlineStore: OnlineStore;
  readonly apiToken: ApiToken;
  /** Where API tokens are kept. */
  readonly jobsTable: JobsTable;
  /** Absent: nothing can be pushed, and there is no route for it. */
  readonly eventStreams?: EventStreams | undefined;
  readonly trainingSetsFunction: IFunction;
}

/** The HTTP API, the function that serves features behind it, and the one that takes events. */
export class Serving extends Construct {
  readonly serveFunction: ServiceFunction;
  readonly pushFunction: ServiceFunction | undefined;
  readonly api: ServingApi;

  constructor(scope: Construct, id: string, props: ServingProps) {
    super(scope, id);
    const { manifest, stage, repositoryModule, onlineStore, apiToken, jobsTable } = props;
    this.serveFunction = new ServiceFunction(this, 'ServeFeatures', {
      name: 'serve-features',
      description: 'serves features from the online store',
      repositoryModule,
      stage,
      environmentSchema,
      environment: {
        ...onlineStore.environment,
        ...jobsTable.environment,
        ...apiToken.environment,
        STAGE_NAME: stage.name,
      },
      timeout: Duration.seconds(10),
      memoryMb: stage.serveMemoryMb,
    });
    onlineStore.grantServe(this.serveFunction);
    jobsTable.grantTokens(this.serveFunction);
    apiToken.grantRead(this.serveFunction);
    this.pushFunction = props.eventStreams && this.createPushFunction(props, props.eventStreams);
    this.api = new ServingApi(this, 'Api', {
      project: manifest.project,
      stage,
      serveFunction: this.serveFunction.function,
      trainingSetsFunction: props.trainingSetsFunction,
      pushFunction: this.pushFunction?.function,
    });
  }

  private createPushFunction(
    { repositoryModule, stage, apiToken, jobsTable }: ServingProps,
    eventStreams: EventStreams,
  ): ServiceFunction<typeof pushEventsEnvironment> {
    const pushFunction = new ServiceFunction(this, 'PushEvents', {
      name: 'push-events',
      description: 'answers /v1/push: events into streams',
      repositoryModule,
      stage,
      environmentSchema: pushEventsEnvironment,
      environment: {
        STREAM_NAMES: JSON.stringify(eventStreams.names),
        ...jobsTable.environment,
        ...apiToken.environment,
        STAGE_NAME: stage.name,
      },
      timeout: Duration.seconds(25), // API Gateway waits for 29
      memoryMb: 1024,
    });
    eventStreams.grantPut(pushFunction);
    jobsTable.grantTokens(pushFunction);
    apiToken.grantRead(pushFunction);
    return pushFunction;
  }
}
