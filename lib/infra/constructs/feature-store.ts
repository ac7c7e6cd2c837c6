import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { DeploymentProps } from '#infra/config.ts';
import { Backfill } from '#infra/constructs/backfill.ts';
import { Materialization } from '#infra/constructs/materialization.ts';
import { Observability } from '#infra/constructs/observability.ts';
import { RunTriggers } from '#infra/constructs/run-triggers.ts';
import { Serving } from '#infra/constructs/serving.ts';
import { apiStageName } from '#infra/constructs/serving-api.ts';
import { Storage } from '#infra/constructs/storage.ts';
import { Stream } from '#infra/constructs/stream.ts';
import { TrainingSets } from '#infra/constructs/training-sets.ts';
import { WebAcl } from '#infra/constructs/web-acl.ts';

/** Where each part goes: a stack of its own, or one construct for all. */
export interface PartScopes {
  readonly storage: Construct;
  /** Used where the manifest has a stream source. @default - the scope of materialization */
  readonly stream?: Construct;
  readonly materialization: Construct;
  readonly serving: Construct;
  /** Used where the stage has a web ACL. @default - the scope of serving */
  readonly protection?: Construct;
  readonly observability: Construct;
}

export interface FeatureStoreProps extends DeploymentProps {
  /** @default - every part inside this construct, in the stack that it is made in */
  readonly scopes?: PartScopes;
}

/**
 * A whole feature store. The only place where the parts meet. Dependencies go one way: storage, then stream, materialization and serving,
 * then observability; a part refers to names and ARNs of earlier ones only, so that each can be deployed, and later parts destroyed, alone.
 */
export class FeatureStore extends Construct {
  readonly storage: Storage;
  /** Absent where the manifest has no stream source. */
  readonly stream: Stream | undefined;
  readonly materialization: Materialization;
  /** Absent where the manifest has no stream source. */
  readonly backfill: Backfill | undefined;
  readonly trainingSets: TrainingSets;
  readonly serving: Serving;
  readonly observability: Observability;

  constructor(scope: Construct, id: string, props: FeatureStoreProps) {
    super(scope, id);
    const { manifest, stage, repositoryModule } = props;
    const scopes = props.scopes ?? { storage: this, materialization: this, serving: this, observability: this };
    this.storage = new Storage(scopes.storage, 'Storage', { manifest, stage });
    const { onlineStore, jobsTable, offlineStore, apiToken, eventStreams, servingLogStream } = this.storage;
    const job = { manifest, stage, repositoryModule, onlineStore, jobsTable, offlineStore };

    this.stream =
      eventStreams && new Stream(scopes.stream ?? scopes.materialization, 'Stream', { ...job, eventStreams });

    this.materialization = new Materialization(scopes.materialization, 'Materialization', job);
    new RunTriggers(scopes.materialization, 'RunTriggers', {
      manifest,
      bucketName: offlineStore.bucket.bucketName,
      stateMachine: this.materialization.stateMachine,
    });

    this.backfill =
      eventStreams &&
      new Backfill(scopes.materialization, 'Backfill', {
        ...job,
        eventStreams,
        materialization: this.materialization,
        cutAhead: Duration.seconds(stage.backfillCutSeconds),
      });

    this.trainingSets = new TrainingSets(scopes.serving, 'TrainingSets', { ...job, apiToken, eventStreams });
    this.serving = new Serving(scopes.serving, 'Serving', {
      ...job,
      apiToken,
      eventStreams,
      materializeStateMachineName: this.materialization.stateMachineName,
      servingLog: servingLogStream && { eventStreams: servingLogStream, offlineStore },
      trainingSetsFunction: this.trainingSets.apiFunction.function,
    });

    if (stage.serving.webAcl)
      new WebAcl(scopes.protection ?? scopes.serving, 'WebAcl', {
        name: `tidemark-${manifest.project}-${stage.name}`,
        settings: stage.serving.webAcl,
        stage,
        api: this.serving.api,
      });

    this.observability = new Observability(scopes.observability, 'Observability', {
      manifest,
      stage,
      api: this.serving.api,
      serveFunction: this.serving.serveFunction,
      archiveLogFunction: this.serving.archiveLogFunction,
      stream: this.stream,
      materializeStateMachineArn: this.materialization.stateMachine.stateMachineArn,
      backfillStateMachineArn: this.backfill?.stateMachine.stateMachineArn,
      trainingSetStateMachineArn: this.trainingSets.stateMachine.stateMachineArn,
      onlineTableName: onlineStore.table.tableName,
      workgroupName: offlineStore.workgroupName,
    });
    this.addOutputs(scopes);
  }

  /** What clients and the command line need to know of a deployment. In a stack of its own an output's id is exactly its key here. */
  private addOutputs(scopes: PartScopes): void {
    const { onlineStore, jobsTable, offlineStore, apiToken, eventStreams } = this.storage;
    const { api } = this.serving.api;
    output(scopes.storage, {
      OnlineTableName: onlineStore.table.tableName,
      JobsTableName: jobsTable.table.tableName,
      BucketName: offlineStore.bucket.bucketName,
      DatabaseName: offlineStore.databaseName,
      WorkgroupName: offlineStore.workgroupName,
      ApiTokenSecretArn: apiToken.secretArn,
      ...(eventStreams ? { StreamNames: JSON.stringify(eventStreams.names) } : {}),
    });
    output(scopes.materialization, {
      MaterializeStateMachineArn: this.materialization.stateMachine.stateMachineArn,
      ...(this.backfill ? { BackfillStateMachineArn: this.backfill.stateMachine.stateMachineArn } : {}),
    });
    output(scopes.serving, {
      ApiId: api.restApiId,
      ApiStage: apiStageName,
      ApiUrl: api.url,
      TrainingSetStateMachineArn: this.trainingSets.stateMachine.stateMachineArn,
    });
  }
}

function output(scope: Construct, values: Readonly<Record<string, string>>): void {
  for (const [id, value] of Object.entries(values)) new CfnOutput(scope, id, { value });
}
