import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import type { ApiToken } from '#infra/constructs/api-token.ts';
import type { OnlineStore } from '#infra/constructs/online-store.ts';
import { ServiceFunction } from '#infra/constructs/service-function.ts';
import { ServingApi } from '#infra/constructs/serving-api.ts';
import { environmentSchema } from '#lambdas/serve-features/environment.ts';

export interface ServingProps extends DeploymentProps {
  readonly onlineStore: OnlineStore;
  readonly apiToken: ApiToken;
  readonly trainingSetsFunction: IFunction;
}

/** The HTTP API and the function that serves features behind it. */
export class Serving extends Construct {
  readonly serveFunction: ServiceFunction;
  readonly api: ServingApi;

  constructor(scope: Construct, id: string, props: ServingProps) {
    super(scope, id);
    const { manifest, stage, repositoryModule, onlineStore, apiToken } = props;
    this.serveFunction = new ServiceFunction(this, 'ServeFeatures', {
      name: 'serve-features',
      description: 'serves features from the online store',
      repositoryModule,
      stage,
      environmentSchema,
      environment: { ...onlineStore.environment, ...apiToken.environment, STAGE_NAME: stage.name },
      timeout: Duration.seconds(10),
      memoryMb: stage.serveMemoryMb,
    });
    onlineStore.grantServe(this.serveFunction);
    apiToken.grantRead(this.serveFunction);
    this.api = new ServingApi(this, 'Api', {
      project: manifest.project,
      stage,
      serveFunction: this.serveFunction.function,
      trainingSetsFunction: props.trainingSetsFunction,
    });
  }
}
