import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type IBucket,
  type LifecycleRule,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import { acknowledge } from '#infra/perms.ts';
import { objectKeys } from '#spec/layout.ts';
import { servingLogSource } from '#spec/serving-log.ts';

export interface DataBucketProps {
  readonly stage: Stage;
  readonly encryptionKey: IKey;
}

const expireAfter = (id: string, prefix: string, days: number): LifecycleRule => ({
  id,
  prefix,
  expiration: Duration.days(days),
});

/** Working files, which can be made again, leave by age; sources, rows and datasets stay until somebody deletes them. */
const lifecycleRules: readonly LifecycleRule[] = [
  expireAfter('athena-results', 'athena-results/', 7),
  expireAfter('training-set-work', 'training-sets/', 14),
  expireAfter('run-selections', 'runs/', 30),
  {
    id: 'old-versions',
    noncurrentVersionExpiration: Duration.days(30),
    abortIncompleteMultipartUploadAfter: Duration.days(2),
    expiredObjectDeleteMarker: true,
  },
];

/** Rows of the serving log hold keys and values of people, for as long as the stage says. */
const servingLogRules = ({ servingLog }: Stage): readonly LifecycleRule[] =>
  servingLog
    ? [
        expireAfter('serving-log', objectKeys.events(servingLogSource), servingLog.retentionDays),
        expireAfter('serving-log-quarantine', objectKeys.quarantine(servingLogSource), servingLog.retentionDays),
      ]
    : [];

/** The bucket of the offline store: versioned, encrypted, TLS only, every access logged, every new object announced to EventBridge. */
export class DataBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { stage, encryptionKey }: DataBucketProps) {
    super(scope, id);
    const removalPolicy = stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const accessLogs = new Bucket(this, 'AccessLogs', {
      encryption: BucketEncryption.S3_MANAGED, // S3 cannot deliver access logs under a customer's key
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [{ id: 'access-logs', expiration: Duration.days(Math.max(stage.logRetentionDays, 30)) }],
      removalPolicy,
    });
    acknowledge(accessLogs, 'this bucket holds the access logs; logging its own accesses would never end', [
      'AwsSolutions-S1',
    ]);
    this.bucket = new Bucket(this, 'Resource', {
      encryption: BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      enforceSSL: true,
      versioned: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [...lifecycleRules, ...servingLogRules(stage)],
      // CDK's own classes miss exactOptionalPropertyTypes by one `undefined`, here as in grants of its L2s.
      serverAccessLogsBucket: accessLogs as IBucket,
      removalPolicy,
    });
    // As a property: the L2's `eventBridgeEnabled` is a custom resource, a Lambda that only exists to make this one call.
    const resource = this.bucket.node.defaultChild as CfnBucket; // the L1 behind an owned Bucket
    resource.addPropertyOverride('NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled', true);
  }
}
