import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { Storage } from '#infra/constructs/storage.ts';
import { Stream } from '#infra/constructs/stream.ts';
import { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
import type { StageInput } from '#spec/stage.ts';
import { manifest, repositoryModule, stage, testApp, testStack } from './fixture.ts';

const stacks = (name: 'dev' | 'prod', config: StageInput = {}) =>
  new FeatureStoreStacks(testApp(), 'rides', { manifest, repositoryModule, stage: stage(name, config) }).stacks;
const { storage: storageStack, stream: streamStack } = stacks('dev');
if (!streamStack) throw new Error('the fixture has stream sources');
const storage = Template.fromStack(storageStack);
const stream = Template.fromStack(streamStack);

/** The mapping of a consumer, by the description of its function. */
function mappingOf(template: Template, description: RegExp): Record<string, unknown> {
  const functions = template.findResources('AWS::Lambda::Function');
  const found = Object.values(template.findResources('AWS::Lambda::EventSourceMapping')).filter(({ Properties }) =>
    description.test(functions[Properties.FunctionName.Ref]?.Properties.Description),
  );
  expect(found).toHaveLength(1);
  return found[0]?.Properties;
}

describe('streams', () => {
  it('are one per stream source, named after deployment and source, in the stack of data', () => {
    storage.resourceCountIs('AWS::Kinesis::Stream', 2);
    stream.resourceCountIs('AWS::Kinesis::Stream', 0);
    storage.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: 'tidemark-rides-dev-positions',
      ShardCount: 2,
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
    });
    storage.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: 'tidemark-rides-dev-ride-events',
      ShardCount: Match.absent(),
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
    });
  });

  it('keep records for a week and are encrypted with the key of the deployment', () => {
    storage.allResourcesProperties('AWS::Kinesis::Stream', {
      RetentionPeriodHours: 168,
      StreamEncryption: {
        EncryptionType: 'KMS',
        KeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('DataKey'), 'Arn'] },
      },
    });
  });

  it('keep records for as long as the stage says, and their consumer knows', () => {
    const { storage: kept, stream: told } = stacks('dev', { streamRetentionHours: 24 });
    Template.fromStack(kept).allResourcesProperties('AWS::Kinesis::Stream', { RetentionPeriodHours: 24 });
    if (told)
      Template.fromStack(told).hasResourceProperties('AWS::Lambda::Function', {
        Environment: { Variables: Match.objectLike({ STREAM_RETENTION_HOURS: '24' }) },
      });
    expect(told).toBeDefined();
  });

  it('outlive the stack of a protected stage, and leave with that of another', () => {
    Template.fromStack(stacks('prod').storage).allResources('AWS::Kinesis::Stream', { DeletionPolicy: 'Retain' });
    storage.allResources('AWS::Kinesis::Stream', { DeletionPolicy: 'Delete' });
  });

  it('are no exports, so that a source can go', () => {
    expect(JSON.stringify(stream.toJSON())).not.toMatch(/ImportValue":"[^"]*EventStreams/);
    const arn = JSON.stringify(mappingOf(stream, /^stream positions: folds/).EventSourceArn);
    expect(arn).toContain(':stream/tidemark-rides-dev-positions"');
  });
});

describe('mappings of consumers', () => {
  const mappings = Object.values(stream.findResources('AWS::Lambda::EventSourceMapping'));

  it('are two per source', () => {
    expect(mappings).toHaveLength(4);
  });

  it('skip nothing: from the oldest record, in order, failures by record, retries without end', () => {
    for (const { Properties } of mappings)
      expect(Properties).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        ParallelizationFactor: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: -1,
        BisectBatchOnFunctionError: true,
      });
    for (const { Properties } of mappings) expect(Properties.DestinationConfig).toBeUndefined();
  });

  it('hand records to the aggregate as soon as they arrive', () => {
    expect(mappingOf(stream, /^stream positions: folds/)).toMatchObject({
      BatchSize: 500,
      MaximumBatchingWindowInSeconds: 0,
    });
  });

  it('collect records for the archive for a minute, or as long as the stage says', () => {
    const long = { BatchSize: 10_000, MaximumBatchingWindowInSeconds: 60 };
    expect(mappingOf(stream, /^stream positions: keeps/)).toMatchObject(long);
    const { stream: short } = stacks('dev', { archiveWindowSeconds: 2 });
    if (!short) throw new Error('the fixture has stream sources');
    expect(mappingOf(Template.fromStack(short), /^stream positions: keeps/).MaximumBatchingWindowInSeconds).toBe(2);
  });

  it('are made after the rights of their functions', () => {
    for (const { DependsOn } of mappings) expect(JSON.stringify(DependsOn)).toMatch(/RoleDefaultPolicy/);
  });

  it('wait for the streams where all parts stand in one stack', () => {
    const stack = testStack();
    const dev = { manifest, stage: stage('dev') };
    const parts = new Storage(stack, 'Storage', dev);
    const { eventStreams } = parts;
    if (!eventStreams) throw new Error('the fixture has stream sources');
    new Stream(stack, 'Stream', { ...dev, ...parts, eventStreams, repositoryModule });
    Template.fromStack(stack).allResources('AWS::Lambda::EventSourceMapping', {
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('^StorageEventStreams')]),
    });
  });
});

describe('consumers', () => {
  it('know their source, the archive its log and its checkpoints', () => {
    stream.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('^stream ride_events: folds'),
      Environment: {
        Variables: {
          NODE_OPTIONS: '--enable-source-maps',
          SOURCE_NAME: 'ride_events',
          ONLINE_TABLE_NAME: Match.anyValue(),
          BUCKET_NAME: Match.anyValue(),
          STREAM_RETENTION_HOURS: '168',
          STAGE_NAME: 'dev',
        },
      },
    });
    stream.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('^stream ride_events: keeps'),
      Environment: {
        Variables: Match.objectLike({
          SOURCE_NAME: 'ride_events',
          JOBS_TABLE_NAME: Match.anyValue(),
          DATABASE_NAME: Match.anyValue(),
        }),
      },
    });
  });
});

describe('compaction', () => {
  it('runs every hour, over all streams', () => {
    stream.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'cron(20 * * * ? *)',
      Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('CompactEvents'), 'Arn'] } })],
    });
    stream.hasResourceProperties('AWS::Lambda::Function', {
      Timeout: 900,
      Environment: {
        Variables: Match.objectLike({
          STREAM_NAMES: JSON.stringify({
            positions: 'tidemark-rides-dev-positions',
            ride_events: 'tidemark-rides-dev-ride-events',
          }),
        }),
      },
    });
  });
});
