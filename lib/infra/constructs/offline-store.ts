import { Aws, Stack } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import { Catalog } from '#infra/constructs/catalog.ts';
import { DataBucket } from '#infra/constructs/data-bucket.ts';
import { actions, allow, allowKey } from '#infra/perms.ts';
import { isExternal, type ParquetFiles, sourceFolder } from '#infra/source-location.ts';
import { objectKeys, pushedFilePrefix } from '#spec/layout.ts';
import type { Manifest } from '#spec/manifest.ts';
import { servingLogSource } from '#spec/serving-log.ts';

/** Top folders of the bucket; rights are given by folder. */
export const folders = {
  sources: 'sources/',
  featureRows: 'feature-rows/',
  published: 'published/',
  state: 'state/',
  runs: 'runs/',
  trainingSets: 'training-sets/',
  datasets: 'datasets/',
  events: 'events/',
  eventsCompacted: 'events-compacted/',
  quarantine: 'quarantine/',
  servingLog: objectKeys.events(servingLogSource),
  servingLogQuarantine: objectKeys.quarantine(servingLogSource),
  athenaResults: objectKeys.athenaResults,
} as const;
/** Top folders, and those of the serving log below them. */
export type TopFolder = (typeof folders)[keyof typeof folders];

export interface OfflineStoreProps {
  readonly manifest: Manifest;
  readonly stage: Stage;
  readonly encryptionKey: IKey;
}

/** History: one bucket, its Glue database, and the Athena workgroup that alone may query it for Tidemark. */
export class OfflineStore extends Construct {
  readonly bucket: Bucket;
  readonly databaseName: string;
  readonly workgroupName: string;
  /** For the `environment` of functions that run statements. */
  readonly environment: {
    readonly BUCKET_NAME: string;
    readonly DATABASE_NAME: string;
    readonly WORKGROUP_NAME: string;
  };
  private readonly encryptionKey: IKey;
  private readonly sourceFolders: readonly string[];
  /** Folders that statements read. */
  private readonly queriedFolders: readonly TopFolder[];

  constructor(scope: Construct, id: string, props: OfflineStoreProps) {
    super(scope, id);
    const { manifest, stage, encryptionKey } = props;
    this.encryptionKey = encryptionKey;
    this.bucket = new DataBucket(this, 'Bucket', { stage, encryptionKey }).bucket;
    this.databaseName = new Catalog(this, 'Catalog', {
      manifest,
      stageName: stage.name,
      bucketName: this.bucket.bucketName,
    }).databaseName;
    this.workgroupName = `tidemark-${manifest.project}-${stage.name}`;
    new CfnWorkGroup(this, 'Workgroup', {
      name: this.workgroupName,
      description: `statements of the feature store ${manifest.project}, stage ${stage.name}`,
      // A workgroup with query history cannot be deleted without it; history is no data.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: stage.bytesScannedCutoffMb * 1_000_000,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${this.bucket.bucketName}/${folders.athenaResults}`,
          encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKey: encryptionKey.keyArn },
        },
      },
    });
    this.environment = {
      BUCKET_NAME: this.bucket.bucketName,
      DATABASE_NAME: this.databaseName,
      WORKGROUP_NAME: this.workgroupName,
    };
    this.queriedFolders = [
      folders.sources,
      folders.featureRows,
      folders.published,
      folders.trainingSets,
      ...(manifest.sources.some(({ kind }) => kind === 'stream') ? [folders.events, folders.eventsCompacted] : []),
    ];
    this.sourceFolders = manifest.sources
      .flatMap((source): ParquetFiles[] => {
        if (source.kind === 'parquet') return [source];
        return source.kind === 'stream' && source.history ? [source.history] : [];
      })
      .filter(isExternal)
      .map((files) => sourceFolder(files, this.bucket.bucketName))
      .map(({ bucketName, prefix }) => `arn:${Aws.PARTITION}:s3:::${bucketName}/${prefix}`);
  }

  /** Runs statements over every table and watches them; UNLOAD may write under `unloadTo`. */
  grantQuery(grantee: IGrantable, unloadTo: readonly TopFolder[] = []): void {
    allow(grantee, [...actions.startQueries, ...actions.watchQueries, ...actions.readResults], [this.workgroupArn]);
    allow(grantee, actions.readCatalog, this.catalogArns);
    allow(grantee, actions.enterCatalog, [this.glueArn('database', 'default')]);
    allow(grantee, actions.queryBucket, [this.bucket.bucketArn]);
    this.grantRead(grantee, this.queriedFolders);
    this.grantRead(grantee, [folders.athenaResults]);
    allow(grantee, actions.unloadObjects, this.objectArns([folders.athenaResults, ...unloadTo]));
    allowKey(grantee, { key: this.encryptionKey, actions: actions.encrypt, via: 's3' });
    if (this.sourceFolders.length > 0) {
      allow(
        grantee,
        actions.readObjects,
        this.sourceFolders.map((folder) => `${folder}*`),
      );
      allow(grantee, actions.queryBucket, [...new Set(this.sourceFolders.map(bucketOf))]);
    }
  }

  /** Asks for the state of statements and stops them; cannot start one. */
  grantWatchQueries(grantee: IGrantable): void {
    allow(grantee, actions.watchQueries, [this.workgroupArn]);
  }

  /** Reads objects under the folders. */
  grantRead(grantee: IGrantable, under: readonly TopFolder[]): void {
    if (under.length === 0) return;
    allow(grantee, actions.readObjects, this.objectArns(under));
    allowKey(grantee, { key: this.encryptionKey, actions: actions.decrypt, via: 's3' });
  }

  /** Writes objects under the folders. */
  grantWrite(grantee: IGrantable, under: readonly TopFolder[]): void {
    if (under.length === 0) return;
    allow(grantee, actions.writeObjects, this.objectArns(under));
    allowKey(grantee, { key: this.encryptionKey, actions: actions.encrypt, via: 's3' });
  }

  /** Puts files of pushed rows into the folders of sources, and no file of another name. */
  grantPushRows(grantee: IGrantable): void {
    allow(grantee, actions.writeObjects, [this.bucket.arnForObjects(`${folders.sources}*/${pushedFilePrefix}*`)]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.encrypt, via: 's3' });
  }

  /** Deletes objects under the folders; the bucket keeps their old versions for its lifecycle's time. */
  grantDelete(grantee: IGrantable, under: readonly TopFolder[]): void {
    allow(grantee, actions.deleteObjects, this.objectArns(under));
  }

  /** Lists keys of the bucket, own and of external sources. */
  grantList(grantee: IGrantable): void {
    allow(grantee, actions.listObjects, [this.bucket.bucketArn, ...new Set(this.sourceFolders.map(bucketOf))]);
  }

  /** Adds partitions to the tables of feature rows and event logs, and moves them. */
  grantRegisterPartitions(grantee: IGrantable): void {
    allow(grantee, actions.registerPartitions, this.catalogArns);
  }

  private objectArns(under: readonly TopFolder[]): string[] {
    return under.map((folder) => this.bucket.arnForObjects(`${folder}*`));
  }

  private get workgroupArn(): string {
    return Stack.of(this).formatArn({ service: 'athena', resource: 'workgroup', resourceName: this.workgroupName });
  }

  private get catalogArns(): string[] {
    return [
      Stack.of(this).formatArn({ service: 'glue', resource: 'catalog' }),
      this.glueArn('database', this.databaseName),
      this.glueArn('table', `${this.databaseName}/*`),
    ];
  }

  private glueArn(resource: 'database' | 'table', resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'glue', resource, resourceName });
  }
}

const bucketOf = (folderArn: string): string => folderArn.slice(0, folderArn.indexOf('/'));
