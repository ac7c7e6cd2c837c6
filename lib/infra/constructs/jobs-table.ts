import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { encryptedTable, type TableProps } from '#infra/constructs/online-store.ts';
import { actions, allow, allowItems, allowKey } from '#infra/perms.ts';
import { apiTokensGroup, recordPartition } from '#spec/layout.ts';

/** Locks of views and durable records of runs, training sets and API tokens. */
export class JobsTable extends Construct {
  readonly table: TableV2;
  /** For the `environment` of functions that use the table. */
  readonly environment: { readonly JOBS_TABLE_NAME: string };
  private readonly encryptionKey: IKey;

  constructor(scope: Construct, id: string, props: TableProps) {
    super(scope, id);
    this.encryptionKey = props.encryptionKey;
    this.table = encryptedTable(this, props);
    this.environment = { JOBS_TABLE_NAME: this.table.tableName };
  }

  /** Locks and records, read and written by key. */
  grantUse(grantee: IGrantable): void {
    allow(grantee, actions.useJobs, [this.table.tableArn]);
    allowKey(grantee, { key: this.encryptionKey, actions: actions.encrypt, via: 'dynamodb' });
  }

  /** API tokens only: what a function needs that tells callers by them. */
  grantTokens(grantee: IGrantable): void {
    const partition = recordPartition(apiTokensGroup);
    allowItems(grantee, { tableArn: this.table.tableArn, actions: actions.readTokens, partition });
    allowKey(grantee, { key: this.encryptionKey, actions: actions.decrypt, via: 'dynamodb' });
  }
}
