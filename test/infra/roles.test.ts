import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
import { manifest, repositoryModule, stage, testApp } from './fixture.ts';
import { actionsOf, type Statement, statementsOf } from './templates.ts';

const { stacks } = new FeatureStoreStacks(testApp(), 'rides', { manifest, repositoryModule, stage: stage('dev') });
const materialization = Template.fromStack(stacks.materialization);
const serving = Template.fromStack(stacks.serving);

const everyFunction = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];
const decrypt = ['kms:Decrypt', 'kms:DescribeKey'];
const encrypt = [...decrypt, 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
const jobs = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem', ...encrypt];
const listReadWrite = ['s3:GetObject', 's3:ListBucket', 's3:PutObject', ...encrypt];
const query = [
  'athena:GetQueryExecution',
  'athena:GetQueryResults',
  'athena:GetWorkGroup',
  'athena:StartQueryExecution',
  'athena:StopQueryExecution',
  'glue:BatchGetPartition',
  'glue:GetDatabase',
  'glue:GetPartition',
  'glue:GetPartitions',
  'glue:GetTable',
  's3:AbortMultipartUpload',
  's3:GetBucketLocation',
  's3:GetObject',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:ListMultipartUploadParts',
  's3:PutObject',
  ...encrypt,
];
const register = ['glue:BatchCreatePartition', 'glue:BatchGetPartition', 'glue:GetTable', 'glue:UpdatePartition'];
const sorted = (...actions: readonly string[]): string[] => [...new Set(actions)].sort();

describe('roles of the functions of a run', () => {
  it.each([
    ['PlanRun', [...jobs, ...listReadWrite, 'states:DescribeExecution']],
    ['StartQuery', [...jobs, ...query]],
    ['CheckQuery', [...listReadWrite, 'athena:GetQueryExecution', 'athena:StopQueryExecution']],
    ['PublishRun', [...jobs, ...listReadWrite, ...register]],
    ['SplitRows', [...jobs, ...listReadWrite]],
    ['WriteOnline', ['dynamodb:PutItem', 's3:GetObject', 's3:PutObject', ...encrypt]],
    ['FinishRun', [...jobs, ...listReadWrite, 's3:DeleteObject']],
  ])('%s has exactly the actions of its job', (name, expected) => {
    expect(actionsOf(materialization, `Materialization${name}Role`)).toEqual(sorted(...everyFunction, ...expected));
  });
});

describe('roles of the functions of a training set', () => {
  it.each([
    ['StageSpine', [...jobs, ...listReadWrite]],
    ['JoinFeatures', query],
    ['FinishPart', listReadWrite],
    ['CompleteDataset', [...jobs, ...listReadWrite, 's3:DeleteObject']],
    [
      'TrainingSetsApi',
      [
        ...jobs,
        's3:GetObject',
        's3:ListBucket',
        'secretsmanager:GetSecretValue',
        'states:DescribeExecution',
        'states:StartExecution',
        ...decrypt,
      ],
    ],
  ])('%s has exactly the actions of its job', (name, expected) => {
    expect(actionsOf(serving, `TrainingSets${name}Role`)).toEqual(sorted(...everyFunction, ...expected));
  });
});

describe('what no role may do', () => {
  const all = [materialization, serving].flatMap((template) => statementsOf(template, ''));
  const on = (statement: Statement, resource: string): boolean => JSON.stringify(statement.Resource).includes(resource);
  const allowing = (action: string, resource: string): Statement[] =>
    all.filter((statement) => statement.Action.includes(action) && on(statement, resource));

  it('scan a table, or delete or update an online row', () => {
    const ofOnlineTable = all.filter((statement) => on(statement, 'OnlineStore')).flatMap(({ Action }) => Action);
    expect(sorted(...ofOnlineTable)).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
    ]);
  });

  it('write online rows, but for one', () => {
    expect(allowing('dynamodb:PutItem', 'OnlineStore')).toHaveLength(1);
  });

  it('write or delete a source', () => {
    expect(allowing('s3:GetObject', 'sources/')).not.toEqual([]);
    expect(allowing('s3:PutObject', 'sources/')).toEqual([]);
    expect(allowing('s3:DeleteObject', 'sources/')).toEqual([]);
  });

  it('delete what was published, or the state of a view', () => {
    expect(allowing('s3:DeleteObject', 'published/')).toEqual([]);
    expect(allowing('s3:DeleteObject', 'state/')).toEqual([]);
  });

  it('use the data key for more than one service in a statement', () => {
    const ofKey = all.filter((statement) => on(statement, 'DataKey'));
    expect(ofKey).not.toEqual([]);
    for (const { Condition } of ofKey)
      expect(JSON.stringify(Condition)).toMatch(
        /kms:ViaService":\{"Fn::Join":\["",\["(dynamodb|s3|secretsmanager)\.",/,
      );
  });
});
