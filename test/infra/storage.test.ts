import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { Storage } from '#infra/constructs/storage.ts';
import { objectKeys } from '#spec/layout.ts';
import { manifest, stage, testStack } from './fixture.ts';

const templateOf = (name: 'dev' | 'prod'): Template => {
  const stack = testStack();
  new Storage(stack, 'Storage', { manifest, stage: stage(name) });
  return Template.fromStack(stack);
};
const dev = templateOf('dev');
const prod = templateOf('prod');

describe('tables', () => {
  it('are on demand, recoverable to any second and encrypted with the deployment key', () => {
    dev.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      Replicas: [
        Match.objectLike({
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('DataKey'), 'Arn'] } },
        }),
      ],
    });
    dev.resourceCountIs('AWS::DynamoDB::GlobalTable', 2);
  });

  it('drop online rows by ttl and keep job records', () => {
    dev.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
    dev.resourcePropertiesCountIs('AWS::DynamoDB::GlobalTable', { TimeToLiveSpecification: Match.anyValue() }, 1);
  });
});

describe('bucket', () => {
  const data = { VersioningConfiguration: { Status: 'Enabled' } };

  it('is versioned, private, encrypted with the deployment key and logs its accesses', () => {
    dev.hasResourceProperties('AWS::S3::Bucket', {
      ...data,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }) },
        ],
      },
      LoggingConfiguration: { DestinationBucketName: Match.anyValue() },
    });
  });

  it('announces new objects to EventBridge without a custom resource', () => {
    dev.hasResourceProperties('AWS::S3::Bucket', {
      ...data,
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    dev.resourceCountIs('Custom::S3BucketNotifications', 0);
  });

  it('refuses requests without TLS', () => {
    const policies = Object.values(dev.findResources('AWS::S3::BucketPolicy'));
    expect(policies).toHaveLength(2);
    dev.allResourcesProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('expires working files only, never sources, feature rows, publications, state or datasets', () => {
    const [bucket] = Object.values(dev.findResources('AWS::S3::Bucket', { Properties: data }));
    const rules: { Prefix?: string; ExpirationInDays?: number }[] = bucket?.Properties.LifecycleConfiguration.Rules;
    const expiring = rules.filter((rule) => rule.ExpirationInDays !== undefined).map((rule) => rule.Prefix);
    expect(expiring.sort()).toEqual(['athena-results/', 'runs/', 'training-sets/']);
    const view = { name: 'v', version: 1 };
    for (const kept of [
      objectKeys.source('x'),
      objectKeys.rows(view),
      objectKeys.published(view),
      objectKeys.state(view),
      objectKeys.dataset('d'),
    ])
      expect(expiring.some((prefix) => prefix === undefined || kept.startsWith(prefix))).toBe(false);
  });
});

describe('workgroup', () => {
  it('enforces its output location, encryption and cutoff', () => {
    dev.hasResourceProperties('AWS::Athena::WorkGroup', {
      Name: 'tidemark-rides-dev',
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        PublishCloudWatchMetricsEnabled: true,
        BytesScannedCutoffPerQuery: 100_000_000_000,
        ResultConfiguration: {
          OutputLocation: {
            'Fn::Join': ['', ['s3://', { Ref: Match.stringLikeRegexp('Bucket') }, '/athena-results/']],
          },
          EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: Match.anyValue() },
        },
      },
    });
  });
});

describe('API token', () => {
  it('is generated with 48 letters and digits', () => {
    dev.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
    });
  });
});

describe('protection of data', () => {
  const holders = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret'];

  it.each(holders)('a protected stage retains every %s', (type) => {
    prod.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  it.each(holders)('an unprotected stage deletes every %s', (type) => {
    dev.allResources(type, { DeletionPolicy: 'Delete' });
  });

  it('a protected stage refuses to delete its tables', () => {
    prod.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      Replicas: [Match.objectLike({ DeletionProtectionEnabled: true })],
    });
  });

  it('rotates its key', () => {
    dev.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });
});
