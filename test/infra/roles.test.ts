import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
import { manifest, repositoryModule, stage, testApp } from './fixture.ts';
import { actionsOf, type Statement, statementsOf } from './templates.ts';

const { stacks } = new FeatureStoreStacks(testApp(), 'rides', { manifest, repositoryModule, stage: stage('dev') });
const materialization = Template.fromStack(stacks.materialization);
const serving = Template.fromStack(stacks.serving);
if (!stacks.stream) throw new Error('the fixture has stream sources');
const stream = Template.fromStack(stacks.stream);

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
const consume = [
  'kinesis:DescribeStream',
  'kinesis:DescribeStreamSummary',
  'kinesis:GetRecords',
  'kinesis:GetShardIterator',
  'kinesis:ListShards',
];
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

describe('roles of the functions of streams', () => {
  it.each([
    [
      'positionsAggregate',
      [...consume, ...listReadWrite, 'dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem'],
    ],
    ['positionsArchive', [...consume, ...jobs, ...listReadWrite, ...register]],
    [
      'CompactEvents',
      [
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
        's3:DeleteObject',
        ...jobs,
        ...listReadWrite,
        ...register,
      ],
    ],
  ])('%s has exactly the actions of its job', (name, expected) => {
    expect(actionsOf(stream, `Stream${name}Role`)).toEqual(sorted(...everyFunction, ...expected));
  });

  it('PushEvents may put records and read the tokens', () => {
    expect(actionsOf(serving, 'ServingPushEventsRole')).toEqual(
      sorted(
        ...everyFunction,
        ...decrypt,
        'dynamodb:GetItem',
        'kinesis:PutRecords',
        'kms:GenerateDataKey',
        'secretsmanager:GetSecretValue',
      ),
    );
  });

  it('WriteFeatures may put records, rows and files of sources, start runs and read the tokens, and nothing else', () => {
    expect(actionsOf(serving, 'ServingWriteFeaturesRole')).toEqual(
      sorted(
        ...everyFunction,
        ...encrypt,
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'kinesis:PutRecords',
        's3:PutObject',
        'secretsmanager:GetSecretValue',
        'states:DescribeExecution',
        'states:StartExecution',
      ),
    );
    const statements = statementsOf(serving, 'ServingWriteFeaturesRole');
    const resourcesOf = (action: string): string =>
      JSON.stringify(statements.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource));
    expect(resourcesOf('s3:PutObject').match(/"\/[^"]*"/g)).toEqual(['"/sources/*/pushed-*"']);
    expect(resourcesOf('states:StartExecution')).toMatch(/:stateMachine:tidemark-rides-dev-materiali[sz]\w*"/);
  });

  it('a consumer reads the stream of its own source only', () => {
    const streams = statementsOf(stream, 'StreampositionsAggregateRole')
      .filter(({ Action }) => Action.includes('kinesis:GetRecords'))
      .map(({ Resource }) => JSON.stringify(Resource));
    expect(streams).toHaveLength(1);
    expect(streams[0]).toContain('stream/tidemark-rides-dev-positions"');
    expect(streams[0]).not.toContain('ride-events');
  });

  it('the aggregate writes state, the archive events and quarantine, compaction compacted events, and no more', () => {
    const written = (name: string): string[] =>
      statementsOf(stream, `Stream${name}Role`)
        .filter(({ Action }) => Action.includes('s3:PutObject'))
        .flatMap(({ Resource }) => Resource.flatMap((arn) => /"\/([a-z-]+\/)\*"/.exec(JSON.stringify(arn))?.[1] ?? []));
    expect(sorted(...written('positionsAggregate'))).toEqual(['state/']);
    expect(sorted(...written('positionsArchive'))).toEqual(['events/', 'quarantine/']);
    expect(sorted(...written('CompactEvents'))).toEqual(['events-compacted/']);
  });
});

describe('roles of the functions of a backfill', () => {
  it.each([
    ['PlanBackfill', [...jobs, ...listReadWrite, 'states:DescribeExecution']],
    [
      'AwaitArchive',
      [...jobs, ...listReadWrite, 'kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards'],
    ],
    [
      'MergeHistory',
      ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 's3:GetObject', 's3:PutObject', ...encrypt],
    ],
  ])('%s has exactly the actions of its job', (name, expected) => {
    expect(actionsOf(materialization, `Backfill${name}Role`)).toEqual(sorted(...everyFunction, ...expected));
  });
});

describe('roles of the functions of a training set', () => {
  it.each([
    [
      'StageSpine', // looks into the streams for an export, whose event logs must have come to its instant
      [...jobs, ...listReadWrite, 'kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards'],
    ],
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
  const all = [stream, materialization, serving].flatMap((template) => statementsOf(template, ''));
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

  it('write online rows, but for the writers of runs, of backfills and of pushed rows and the aggregate of each stream', () => {
    expect(allowing('dynamodb:PutItem', 'OnlineStore')).toHaveLength(3 + 2);
  });

  it('write or delete a source, but for files of rows that are pushed', () => {
    expect(allowing('s3:GetObject', 'sources/')).not.toEqual([]);
    expect(allowing('s3:PutObject', 'sources/')).toEqual(allowing('s3:PutObject', '"/sources/*/pushed-*"'));
    expect(allowing('s3:DeleteObject', 'sources/')).toEqual([]);
  });

  it('delete what was published, or the state of a view', () => {
    expect(allowing('s3:DeleteObject', 'published/')).toEqual([]);
    expect(allowing('s3:DeleteObject', 'state/')).toEqual([]);
  });

  it('delete or replace an event of the log, but for the archive that writes it and for compaction that joins its files', () => {
    expect(allowing('s3:PutObject', '"/events/*"')).toHaveLength(2);
    for (const folder of ['"/events/*"', 'events-compacted/'])
      expect(allowing('s3:DeleteObject', folder)).toHaveLength(1);
    expect(allowing('s3:DeleteObject', 'quarantine/')).toEqual([]);
  });

  it('use the data key for more than one service in a statement', () => {
    const ofKey = all.filter((statement) => on(statement, 'DataKey'));
    expect(ofKey).not.toEqual([]);
    for (const { Condition } of ofKey)
      expect(JSON.stringify(Condition)).toMatch(
        /kms:ViaService":\{"Fn::Join":\["",\["(dynamodb|kinesis|s3|secretsmanager)\.",/,
      );
  });
});
