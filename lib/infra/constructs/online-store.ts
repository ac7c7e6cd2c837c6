import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import { actions, allow, allowKey } from '#infra/perms.ts';

export interface TableProps {
  readonly stage: Stage;
  readonly encryptionKey: IKey;
}

/** One item per entity and view version: pk = encoded entity key, sk = `view@version`; DynamoDB drops items past `ttl`. */
export class OnlineStore extends Construct {
  readonly table: TableV2;
  /** For the `environment` of functions that use the table. */
  readonly environment: { readonly ONLINE_TABLE_NAME: string };
  private readonly encryptionKey: IKey;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    this.encryptionKey = props.encryptionKey;
    this.table = new TableV2(this, 'Resource', {
      ...keyedTable(props),
      timeToLiveAttribute: 'ttl',
    });
    this.environment = { ONLINE_TABLE_NAME: this.table.tableName };
  }

  /** Reads by key; no Scan, no writes. */
  grantServe(grantee: IGrantable): void {
    allow(grantee, actions.serveRows, [this.table.tableArn]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.decrypt, via: 'dynamodb' });
  }

  /** Conditional puts; no reads, no deletes. */
  grantWrite(grantee: IGrantable): void {
    allow(grantee, actions.writeRows, [this.table.tableArn]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.encrypt, via: 'dynamodb' });
  }
}

/** What the online table and the jobs table share. */
export function keyedTable({ stage, encryptionKey }: TableProps) {
  return {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.customerManagedKey(encryptionKey),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: stage.protectData,
    removalPolicy: stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  };
}
