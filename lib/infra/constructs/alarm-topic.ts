import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { acknowledge } from '#infra/perms.ts';

export interface AlarmTopicProps {
  /** @default - nobody is told; subscribe to the topic by other means */
  readonly email?: string;
}

/** Where alarms go: an encrypted topic that only CloudWatch alarms of this account publish to. */
export class AlarmTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { email }: AlarmTopicProps) {
    super(scope, id);
    const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');
    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    // CloudWatch cannot use the key that AWS manages for SNS, so the topic has one of its own.
    const key = new Key(this, 'Key', { description: 'alarms of a feature store', enableKeyRotation: true });
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'], // of a key policy: this key
        conditions,
      }),
    );
    this.topic = new Topic(this, 'Resource', { displayName: 'Tidemark alarms', masterKey: key, enforceSSL: true });
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [cloudWatch],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions,
      }),
    );
    if (email === undefined) return;
    this.topic.addSubscription(new EmailSubscription(email));
    acknowledge(this.topic, 'mail cannot be redriven; the alarm itself stays in the console', [
      'Serverless-SNSRedrivePolicy',
    ]);
  }
}
