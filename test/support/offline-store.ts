import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { CreateWorkGroupCommand } from '@aws-sdk/client-athena';
import { CreateDatabaseCommand, CreateTableCommand } from '@aws-sdk/client-glue';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { catalogTables } from '#infra/catalog-tables.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { unloadSql } from '#sql/unload-sql.ts';
import { AthenaSqlEngine, createAthenaClient } from '#store/athena/sql-engine.ts';
import { createGlueClient, GluePartitions } from '#store/glue/partitions.ts';
import type { Objects } from '#store/objects.ts';
import type { Partitions } from '#store/partitions.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import type { QueryStatus, SqlEngine } from '#store/sql-engine.ts';
import { expectEqualRows, type Rows, trinoTarget, unloadOnTrino } from '#test/trino/compare-engines.ts';
import { comparedEngine } from '#test/trino/compared-engine.ts';

/** A bucket, database and workgroup of one test on the local cloud, with the tables that a deployment of the manifest would have. */
export interface OfflineStore {
  readonly bucket: string;
  readonly database: string;
  readonly objects: Objects;
  /** Under `npm run test:trino`, Trino must give the same rows of what is started here. */
  readonly sql: SqlEngine;
  readonly partitions: Partitions;
  /** Puts a Parquet file. */
  putRows(key: string, columns: readonly TypedColumn[]): Promise<void>;
  /** Runs a statement to its end; throws with the engine's reason when it fails. */
  run(sql: string): Promise<QueryStatus>;
  /** UNLOADs a SELECT and reads all its rows back, column by column. Under `npm run test:trino`, Trino must give the same rows. */
  select(select: string): Promise<ReadonlyMap<string, readonly Value[]>>;
}

/** PascalCase members: the CDK's table input as Glue's API wants it. */
function pascalCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascalCase);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replace(/^./, (letter) => letter.toUpperCase()),
      key === 'parameters' ? member : pascalCase(member),
    ]),
  );
}

export async function createOfflineStore(manifest: Manifest): Promise<OfflineStore> {
  const name = `test-${randomBytes(5).toString('hex')}`;
  const database = name.replace('-', '_');
  const s3 = createS3Client();
  const glue = createGlueClient();
  const athena = createAthenaClient();
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
  for (const input of catalogTables(manifest, name)) {
    const TableInput = pascalCase(input) as { Name: string }; // the same members, spelled as the API spells them
    await glue.send(new CreateTableCommand({ DatabaseName: database, TableInput }));
  }
  const OutputLocation = `s3://${name}/athena-results/`;
  const Configuration = { EnforceWorkGroupConfiguration: true, ResultConfiguration: { OutputLocation } };
  await athena.send(new CreateWorkGroupCommand({ Name: name, Configuration }));
  const objects = new S3Objects(s3, name);
  const sql = new AthenaSqlEngine({ client: athena, workgroupName: name, databaseName: database });

  const run = async (statement: string): Promise<QueryStatus> => {
    const id = await sql.start(statement, randomBytes(16).toString('hex'));
    for (;;) {
      const status = await sql.status(id);
      if (status.state === 'succeeded') return status;
      if (status.state !== 'running') throw new Error(`${status.reason}\n${statement}`);
      await wait(20);
    }
  };

  const onLocal = (select: string): Promise<Rows> =>
    unloaded(objects, async (folder) => {
      await run(unloadSql({ select, uri: objects.uri(folder) }));
    });
  const target = trinoTarget();
  const compare = async (select: string, local: Rows): Promise<void> => {
    if (!target) return;
    const trino = await unloaded(objects, (folder) =>
      unloadOnTrino(target, { select, database, uri: objects.uri(folder) }),
    );
    expectEqualRows(target, select, { local, trino });
  };
  // what the local engine refuses is the suite's to tell
  const compareUnlessRefused = async (select: string): Promise<void> => {
    const local = await onLocal(select).catch(() => undefined);
    if (local) await compare(select, local);
  };

  return {
    bucket: name,
    database,
    objects,
    sql: target ? comparedEngine(sql, compareUnlessRefused) : sql,
    partitions: new GluePartitions(glue, database),
    putRows: async (key, columns) => {
      await objects.put(key, writeParquet(columns));
    },
    run,
    select: async (select) => {
      const local = await onLocal(select);
      await compare(select, local);
      return new Map([...local].map(([column, { values }]) => [column, values]));
    },
  };
}

/** Rows that a statement writes into an empty folder as Parquet. No column where it writes no file. */
async function unloaded(objects: Objects, write: (folder: string) => Promise<void>): Promise<Rows> {
  const folder = `unloaded/${randomBytes(8).toString('hex')}/`;
  await write(folder);
  const columns = new Map<string, { type: string; values: Value[] }>();
  for await (const { key } of objects.list(folder)) {
    const stored = await objects.get(key);
    if (!stored) continue;
    const file = await openParquet(bytesSource(stored.body));
    const values = await readColumns(file, file.columns);
    file.columns.forEach(({ name, type = 'unknown' }, at) => {
      columns.set(name, { type, values: [...(columns.get(name)?.values ?? []), ...(values[at] ?? [])] });
    });
  }
  return columns;
}
