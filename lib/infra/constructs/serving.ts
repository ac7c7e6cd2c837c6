import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { EventStreams } from '#infra/constructs/event-streams.ts';
import { folders, type OfflineStore } from '#infra/constructs/offline-store.ts';
import { ServiceFunction } from '#infra/constructs/service-function.ts';
import { ServingApi } from '#infra/constructs/serving-api.ts';
import { type ArchiveProps, archiveEvents } from '#infra/constructs/stream-consumers.ts';
import { createWriteFunction, type WriteFunctionProps } from '#infra/constructs/write-function.ts';
import { environmentSchema as pushEventsEnvironment } from '#lambdas/push-events/environment.ts';
import { environmentSchema } from '#lambdas/serve-features/environment.ts';
import { type ServingLogRule, servingLogSource } from '#spec/serving-log.ts';

export interface ServingProps extends WriteFunctionProps {
  readonly trainingSetsFunction: IFunction;
  /** Absent: nothing that is served is logged. */
  readonly servingLog?: { readonly eventStreams: EventStreams; readonly offlineStore: OfflineStore } | undefined;
}

/** The HTTP API, and behind it the functions that serve features, take events, and answer Feast's routes that write. */
export class Serving extends Construct {
  readonly serveFunction: ServiceFunction;
  /** Absent without streams: nothing can be pushed then, and there is no route for it. */
  readonly pushFunction: ServiceFunction | undefined;
  readonly writeFunction: ServiceFunction;
  /** Keeps the serving log; absent where the stage declares none. */
  readonly archiveLogFunction: ServiceFunction | undefined;
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
        ...logEnvironment(props),
      },
      timeout: Duration.seconds(10),
      memoryMb: stage.serveMemoryMb,
      reservedConcurrency: stage.serving.reservedConcurrency,
    });
    onlineStore.grantServe(this.serveFunction);
    jobsTable.grantTokens(this.serveFunction);
    apiToken.grantRead(this.serveFunction);
    this.archiveLogFunction = props.servingLog && this.keepLog({ ...props, ...props.servingLog });
    this.pushFunction = props.eventStreams && this.createPushFunction(props, props.eventStreams);
    const { provisionedConcurrency } = stage.serving;
    this.writeFunction = createWriteFunction(this, props);
    this.api = new ServingApi(this, 'Api', {
      project: manifest.project,
      stage,
      serveFunction: provisionedConcurrency
        ? this.serveFunction.live(provisionedConcurrency)
        : this.serveFunction.function,
      trainingSetsFunction: props.trainingSetsFunction,
      pushFunction: this.pushFunction?.function,
      writeFunction: this.writeFunction.function,
    });
  }

  private keepLog(props: Omit<ArchiveProps, 'folders'>): ServiceFunction {
    props.eventStreams.grantPut(this.serveFunction);
    const kept = { log: folders.servingLog, quarantine: folders.servingLogQuarantine };
    return archiveEvents(this, servingLogSource.name, { ...props, folders: kept });
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

function logEnvironment({ stage, servingLog }: ServingProps) {
  if (!stage.servingLog || !servingLog) return {};
  const { sample, services } = stage.servingLog;
  const rule: ServingLogRule = { sample, services };
  return {
    SERVING_LOG_RULE: JSON.stringify(rule),
    SERVING_LOG_STREAM: servingLog.eventStreams.nameOf(servingLogSource.name),
  };
}
