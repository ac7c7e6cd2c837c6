import { Stack, Validations } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IConstruct } from 'constructs';

/** Every action that a role of Tidemark may be given, by purpose. No wildcards: a new need is a new line here and in its test. */
export const actions = {
  serveRows: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'],
  /** Conditional puts only: a row is never updated in place or deleted (a tombstone is a row too). */
  writeRows: ['dynamodb:PutItem'],
  /** What a stream's consumer reads before it folds (strongly), and writes on condition, two items in one transaction where it must. */
  applyEvents: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'],
  /** Records are put, locks are updated; neither is ever deleted. */
  useJobs: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
  /** API tokens, by their id. */
  readTokens: ['dynamodb:GetItem'],
  /** What an event source mapping needs of its stream, on behalf of its function. */
  consumeStream: [
    'kinesis:DescribeStream',
    'kinesis:DescribeStreamSummary',
    'kinesis:GetRecords',
    'kinesis:GetShardIterator',
    'kinesis:ListShards',
  ],
  /** How far have the shards come, and is anything left in them? */
  readStream: ['kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards'],
  putRecords: ['kinesis:PutRecords'],
  readObjects: ['s3:GetObject'],
  writeObjects: ['s3:PutObject'],
  /** How Athena writes results and unloads on behalf of the caller. */
  unloadObjects: ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts', 's3:PutObject'],
  deleteObjects: ['s3:DeleteObject'],
  listObjects: ['s3:ListBucket'],
  /** What Athena needs of the bucket itself on behalf of the caller. */
  queryBucket: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
  startQueries: ['athena:GetQueryExecution', 'athena:GetWorkGroup', 'athena:StartQueryExecution'],
  watchQueries: ['athena:GetQueryExecution', 'athena:StopQueryExecution'],
  readResults: ['athena:GetQueryResults'],
  readCatalog: [
    'glue:BatchGetPartition',
    'glue:GetDatabase',
    'glue:GetPartition',
    'glue:GetPartitions',
    'glue:GetTable',
  ],
  /** Athena asks every caller for it on the database `default`, whatever the statement reads. */
  enterCatalog: ['glue:GetDatabase'],
  registerPartitions: ['glue:BatchCreatePartition', 'glue:BatchGetPartition', 'glue:GetTable', 'glue:UpdatePartition'],
  /** Is the execution that holds a lock still running? */
  describeExecutions: ['states:DescribeExecution'],
  /** A distributed map's runs are executions that its own state machine starts. */
  startMapRuns: ['states:StartExecution'],
  watchMapRuns: ['states:DescribeExecution', 'states:StopExecution'],
  /** Training sets that are asked for over HTTP. */
  startBuilds: ['states:StartExecution'],
  /** Runs of materialization that are asked for over HTTP. */
  startRuns: ['states:StartExecution'],
  invokeFunctions: ['lambda:InvokeFunction'],
  readSecret: ['secretsmanager:GetSecretValue'],
  decrypt: ['kms:Decrypt', 'kms:DescribeKey'],
  /** All that a producer of a stream needs of its key. */
  encryptRecords: ['kms:GenerateDataKey'],
  encrypt: [
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:Encrypt',
    'kms:GenerateDataKey',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** AWS services through which a key may be used. */
export type KeyUser = 'dynamodb' | 'kinesis' | 's3' | 'secretsmanager';

/** Adds one statement to the grantee's role. */
export function allow(grantee: IGrantable, allowed: readonly string[], resources: readonly string[]): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: [...allowed], resources: [...resources] }),
  );
}

export interface ItemsUse {
  readonly tableArn: string;
  readonly actions: readonly string[];
  /** The only partition key that may be named. */
  readonly partition: string;
}

/** Lets the grantee use the items of one partition of a table. */
export function allowItems(grantee: IGrantable, use: ItemsUse): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: [...use.actions],
      resources: [use.tableArn],
      conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [use.partition] } },
    }),
  );
}

export interface KeyUse {
  readonly key: IKey;
  readonly actions: readonly string[];
  readonly via: KeyUser;
}

/** Lets the grantee use a key, but only through one service: rights on a table do not open the bucket of the same key. */
export function allowKey(grantee: IGrantable, use: KeyUse): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: [...use.actions],
      resources: [use.key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `${use.via}.${Stack.of(use.key).region}.amazonaws.com` } },
    }),
  );
}

/** A cdk-nag finding that is accepted, and why. */
export function acknowledge(construct: IConstruct, reason: string, ids: readonly string[]): void {
  Validations.of(construct).acknowledge(...ids.map((id) => ({ id, reason })));
}
