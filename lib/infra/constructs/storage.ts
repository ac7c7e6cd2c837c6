import { RemovalPolicy } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import { ApiToken } from '#infra/constructs/api-token.ts';
import { EventStreams } from '#infra/constructs/event-streams.ts';
import { JobsTable } from '#infra/constructs/jobs-table.ts';
import { OfflineStore } from '#infra/constructs/offline-store.ts';
import { OnlineStore } from '#infra/constructs/online-store.ts';
import type { Manifest } from '#spec/manifest.ts';
import { servingLogSource } from '#spec/serving-log.ts';

export interface StorageProps {
  readonly manifest: Manifest;
  readonly stage: Stage;
}

/** Everything that holds data, under one key. */
export class Storage extends Construct {
  readonly encryptionKey: IKey;
  readonly onlineStore: OnlineStore;
  readonly jobsTable: JobsTable;
  readonly offlineStore: OfflineStore;
  readonly apiToken: ApiToken;
  /** Absent where the manifest has no stream source. */
  readonly eventStreams: EventStreams | undefined;
  /** The stream of the serving log; absent where the stage declares none. */
  readonly servingLogStream: EventStreams | undefined;

  constructor(scope: Construct, id: string, { manifest, stage }: StorageProps) {
    super(scope, id);
    const encryptionKey = new Key(this, 'DataKey', {
      description: `data of the feature store ${manifest.project}, stage ${stage.name}`,
      enableKeyRotation: true,
      // Without the key the data is lost, so it lives as long as the data.
      removalPolicy: stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.encryptionKey = encryptionKey;
    this.onlineStore = new OnlineStore(this, 'OnlineStore', { stage, encryptionKey });
    this.jobsTable = new JobsTable(this, 'JobsTable', { stage, encryptionKey });
    this.offlineStore = new OfflineStore(this, 'OfflineStore', { manifest, stage, encryptionKey });
    this.apiToken = new ApiToken(this, 'ApiToken', { stage, encryptionKey });
    const { project } = manifest;
    const streamSources = manifest.sources.filter((source) => source.kind === 'stream');
    this.eventStreams =
      streamSources.length > 0
        ? new EventStreams(this, 'EventStreams', { project, sources: streamSources, stage, encryptionKey })
        : undefined;
    const { servingLog } = stage;
    this.servingLogStream =
      servingLog &&
      new EventStreams(this, 'ServingLogStream', {
        project,
        sources: [{ ...servingLogSource, ...(servingLog.shards === undefined ? {} : { shards: servingLog.shards }) }],
        stage,
        encryptionKey,
      });
  }
}
