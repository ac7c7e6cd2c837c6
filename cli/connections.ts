import { AthenaSqlEngine, createAthenaClient } from '#store/athena/sql-engine.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import type { Objects } from '#store/objects.ts';
import type { Records } from '#store/records.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import type { SqlEngine } from '#store/sql-engine.ts';
import { type Target, useTarget } from './target.ts';

/** What commands read of a deployment besides its API. */
export interface Connections {
  readonly objects: Objects;
  readonly records: Records;
  readonly sql: SqlEngine;
}

export function connect(target: Target): Connections {
  useTarget(target);
  return {
    objects: new S3Objects(createS3Client(), target.bucket),
    records: new DynamoRecords(createDynamoClient(), target.jobsTable),
    sql: new AthenaSqlEngine({
      client: createAthenaClient(),
      workgroupName: target.workgroup,
      databaseName: target.database,
    }),
  };
}
