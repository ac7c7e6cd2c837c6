import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  type CfnGlobalTable,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
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
    this.table = encryptedTable(this, props, { timeToLiveAttribute: 'ttl' });
    this.environment = { ONLINE_TABLE_NAME: this.table.tableName };
  }

  /** Reads by key; no Scan, no writes. */
  grantServe(grantee: IGrantable): void {
    allow(grantee, actions.serveRows, [this.table.tableArn]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.decrypt, via: 'dynamodb' });
  }

  /** Reads by key and conditional puts, alone or two in a transaction: how the items of stream views are kept. */
  grantApplyEvents(grantee: IGrantable): void {
    allow(grantee, actions.applyEvents, [this.table.tableArn]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.encrypt, via: 'dynamodb' });
  }

  /** Conditional puts; no reads, no deletes. */
  grantWrite(grantee: IGrantable): void {
    allow(grantee, actions.writeRows, [this.table.tableArn]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.encrypt, via: 'dynamodb' });
  }
}

/** Adds the table of a construct: (pk, sk), on demand, recoverable to any second, under the deployment's key. */
export function encryptedTable(
  scope: Construct,
  { stage, encryptionKey }: TableProps,
  more: Partial<TablePropsV2> = {},
): TableV2 {
  const table = new TableV2(scope, 'Resource', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.awsManagedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: stage.protectData,
    removalPolicy: stage.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...more,
  });
  // The L2 takes a customer's key only where the region is known at synthesis; as a property it needs no region.
  const resource = table.node.defaultChild as CfnGlobalTable; // the L1 behind an owned TableV2
  resource.addPropertyOverride('Replicas.0.SSESpecification.KMSMasterKeyId', encryptionKey.keyArn);
  return table;
}
