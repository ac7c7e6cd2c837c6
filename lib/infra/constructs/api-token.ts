import { RemovalPolicy } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import { acknowledge, actions, allow, allowKey } from '#infra/perms.ts';

export interface ApiTokenProps {
  readonly stage: Stage;
  readonly encryptionKey: IKey;
}

/** The bearer token of the HTTP API: generated at deployment, read by the functions that answer requests. */
export class ApiToken extends Construct {
  readonly secretArn: string;
  /** For the `environment` of functions that check the token. */
  readonly environment: { readonly API_TOKEN_SECRET_ARN: string };
  private readonly encryptionKey: IKey;

  constructor(scope: Construct, id: string, { stage, encryptionKey }: ApiTokenProps) {
    super(scope, id);
    this.encryptionKey = encryptionKey;
    const secret = new Secret(this, 'Resource', {
      description: 'bearer token of the feature store API',
      encryptionKey,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy: stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(
      secret,
      'rotated by hand (docs/runbook.md): every caller holds the same token, so a timer would cut them off',
      ['AwsSolutions-SMG4'],
    );
    this.secretArn = secret.secretArn;
    this.environment = { API_TOKEN_SECRET_ARN: this.secretArn };
  }

  grantRead(grantee: IGrantable): void {
    allow(grantee, actions.readSecret, [this.secretArn]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.decrypt, via: 'secretsmanager' });
  }
}
