import { createReadStream, readFileSync, statSync } from 'node:fs';
import { PutObjectCommand } from '@aws-sdk/client-s3';
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
  /** Another bucket, which a source lies in. */
  readonly openBucket: (bucket: string) => Objects;
  /** Puts a file of this machine; it may be larger than memory. */
  readonly upload: (key: string, file: string) => Promise<void>;
  readonly records: Records;
  readonly sql: SqlEngine;
}

/** Larger files are streamed. */
const memoryBodyBytes = 64 * 1024 * 1024;

export function connect(target: Target): Connections {
  useTarget(target);
  const s3 = createS3Client();
  return {
    objects: new S3Objects(s3, target.bucket),
    openBucket: (bucket) => new S3Objects(s3, bucket),
    upload: async (key, file) => {
      const ContentLength = statSync(file).size;
      // The SDK sends a body in memory again when a request fails; a stream it cannot.
      const Body = ContentLength <= memoryBodyBytes ? readFileSync(file) : createReadStream(file);
      await s3.send(new PutObjectCommand({ Bucket: target.bucket, Key: key, Body, ContentLength }));
    },
    records: new DynamoRecords(createDynamoClient(), target.jobsTable),
    sql: new AthenaSqlEngine({
      client: createAthenaClient(),
      workgroupName: target.workgroup,
      databaseName: target.database,
    }),
  };
}
