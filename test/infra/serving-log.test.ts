import { readFileSync } from 'node:fs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
import type { StageInput } from '#spec/stage.ts';
import { manifestWithoutStreams as manifest, repositoryModule, stage, testApp } from './fixture.ts';
import { actionsOf, statementsOf } from './templates.ts';

function templates(config: StageInput = {}) {
  const { stacks } = new FeatureStoreStacks(testApp(), 'rides', {
    manifest,
    repositoryModule,
    stage: stage('dev', config),
  });
  const { storage, serving, observability } = stacks;
  return {
    storage: Template.fromStack(storage),
    serving: Template.fromStack(serving),
    observability: Template.fromStack(observability),
  };
}
const servingLog = { sample: 0.25, services: ['fraud'], retentionDays: 14 };
const { storage, serving, observability } = templates({ servingLog, archiveWindowSeconds: 7 });
const streamArn = ':stream/tidemark-rides-dev-serving.log"';
const statementsOn = (text: string, role: string) =>
  statementsOf(serving, role).filter(({ Resource }) => JSON.stringify(Resource).includes(text));

describe('the serving log', () => {
  it('has no resource, right or variable where the stage declares none', () => {
    const without = templates();
    without.storage.resourceCountIs('AWS::Kinesis::Stream', 0);
    without.serving.resourceCountIs('AWS::Lambda::EventSourceMapping', 0);
    for (const template of Object.values(without))
      expect(JSON.stringify(template.toJSON())).not.toMatch(/serving.?log/i);
  });

  it('has an encrypted stream on demand in the stack of data, named as no source can be', () => {
    storage.resourceCountIs('AWS::Kinesis::Stream', 1);
    storage.hasResourceProperties('AWS::Kinesis::Stream', {
      Name: 'tidemark-rides-dev-serving.log',
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
      StreamEncryption: { EncryptionType: 'KMS', KeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('DataKey'), 'Arn'] } },
    });
  });

  it('has the shards that the stage says', () => {
    templates({ servingLog: { sample: 1, shards: 3 } }).storage.hasResourceProperties('AWS::Kinesis::Stream', {
      ShardCount: 3,
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
    });
  });

  it('loses its files, and what lies in its quarantine, after the days of the stage', () => {
    for (const Prefix of ['events/serving.log/', 'quarantine/serving.log/'])
      storage.hasResourceProperties('AWS::S3::Bucket', {
        LifecycleConfiguration: {
          Rules: Match.arrayWith([Match.objectLike({ Prefix, ExpirationInDays: 14, Status: 'Enabled' })]),
        },
      });
  });

  it('tells the serving function which answers it takes, and lets it put records into that stream only', () => {
    serving.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          SERVING_LOG_RULE: '{"sample":0.25,"services":["fraud"]}',
          SERVING_LOG_STREAM: 'tidemark-rides-dev-serving.log',
        }),
      },
    });
    const [put, ...others] = statementsOf(serving, 'ServeFeatures').filter(({ Action }) =>
      Action.some((action) => action.startsWith('kinesis:')),
    );
    expect(others).toEqual([]);
    expect(put?.Action).toEqual(['kinesis:PutRecords']);
    expect(JSON.stringify(put?.Resource)).toContain(streamArn);
  });

  it('is archived once, in order, by a function that reaches nothing but the log in the bucket', () => {
    const [mapping, ...others] = Object.values(serving.findResources('AWS::Lambda::EventSourceMapping'));
    expect(others).toEqual([]);
    expect(mapping?.Properties).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      MaximumBatchingWindowInSeconds: 7,
      MaximumRetryAttempts: -1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(JSON.stringify(mapping?.Properties.EventSourceArn)).toContain(streamArn);
    const role = 'servinglogArchive';
    const objects = statementsOf(serving, role).filter(({ Action }) =>
      Action.some((action) => /^s3:(Get|Put)/.test(action)),
    );
    expect(objects.length).toBeGreaterThan(0);
    for (const { Resource } of objects)
      for (const resource of Resource)
        expect(JSON.stringify(resource)).toMatch(/\/(events|quarantine)\/serving\.log\/\*/);
    expect(actionsOf(serving, role).filter((action) => action.startsWith('glue:'))).toEqual([]);
    expect(statementsOn(streamArn, role)).toHaveLength(1);
  });

  it.each(['serving-log-dropped', 'serving-log-behind'])('has the alarm %s and its entry in the runbook', (name) => {
    expect(readFileSync('docs/runbook.md', 'utf8').split('\n')).toContain(`## ${name}`);
    observability.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `tidemark-rides-dev-${name}`,
      AlarmDescription: Match.stringLikeRegexp(`docs/runbook.md#${name}$`),
    });
  });
});
