import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateWorkGroupCommand } from '@aws-sdk/client-athena';
import { CreateDatabaseCommand } from '@aws-sdk/client-glue';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { AthenaSqlEngine, createAthenaClient } from '#store/athena/sql-engine.ts';
import { createGlueClient } from '#store/glue/partitions.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import type { QueryStatus, SqlEngine } from '#store/sql-engine.ts';
import { collect } from '#test/support/collect.ts';

const name = `contract-${randomUUID()}`;
const database = name.replaceAll('-', '_');
const client = createAthenaClient();
const engine: SqlEngine = new AthenaSqlEngine({ client, workgroupName: name, databaseName: database });

beforeAll(async () => {
  await createS3Client().send(new CreateBucketCommand({ Bucket: name }));
  await createGlueClient().send(new CreateDatabaseCommand({ DatabaseInput: { Name: database } }));
  const Configuration = {
    EnforceWorkGroupConfiguration: true,
    ResultConfiguration: { OutputLocation: `s3://${name}/athena-results/` },
  };
  await client.send(new CreateWorkGroupCommand({ Name: name, Configuration }));
});

async function finished(queryId: string): Promise<QueryStatus> {
  for (;;) {
    const status = await engine.status(queryId);
    if (status.state !== 'running') return status;
    await sleep(50);
  }
}

const rowsOf = async (sql: string): Promise<(readonly (string | null)[])[]> => {
  const id = await engine.start(sql, randomUUID());
  expect(await finished(id)).toMatchObject({ state: 'succeeded' });
  return collect(engine.rows(id));
};

describe('SQL through Athena', () => {
  it('gives the rows of a SELECT as text, null for NULL, without the header', async () => {
    const rows = await rowsOf(
      `SELECT * FROM (VALUES (BIGINT '9007199254740993', 'é😀', CAST(NULL AS varchar)), (2, '', 'x')) AS t (a, b, c) ORDER BY a DESC`,
    );
    expect(rows).toEqual([
      ['9007199254740993', 'é😀', null],
      ['2', '', 'x'],
    ]);
  });

  it('gives every row of a result of several pages once', async () => {
    const numbers = await rowsOf('SELECT n FROM UNNEST(sequence(1, 2500)) AS t (n) ORDER BY n');
    expect(numbers.map(([n]) => Number(n))).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1));
  });

  it('starts a statement once per token', async () => {
    const token = `run 1 chunk 2 ${randomUUID()}`;
    const first = await engine.start('SELECT 1', token);
    expect(await engine.start('SELECT 1', token)).toBe(first);
    expect(await engine.start('SELECT 1', `${token} attempt 2`)).not.toBe(first);
  });

  it('says why a statement failed', async () => {
    const id = await engine.start('SELECT nothing FROM nowhere', randomUUID());
    const status = await finished(id);
    expect(status.state).toBe('failed');
    expect(status.reason).toMatch(/nowhere/);
  });

  it('tells where UNLOAD listed its files', async () => {
    const folder = `s3://${name}/unloaded/`;
    const id = await engine.start(`UNLOAD (SELECT 1 AS a) TO '${folder}' WITH (format = 'PARQUET')`, randomUUID());
    const status = await finished(id);
    expect(status.state).toBe('succeeded');
    const manifest = await new S3Objects(createS3Client(), name).get(
      status.manifestUri?.replace(`s3://${name}/`, '') ?? '',
    );
    const lines = Buffer.from(manifest?.body ?? [])
      .toString()
      .trim()
      .split('\n');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line.startsWith(folder)).toBe(true);
  });

  it('stops a statement', async () => {
    const id = await engine.start(
      'SELECT count(*) FROM UNNEST(sequence(1, 9000)) AS a (x) CROSS JOIN UNNEST(sequence(1, 9000)) AS b (y) CROSS JOIN UNNEST(sequence(1, 9000)) AS c (z) WHERE (x * y + z) % 7 = 3',
      randomUUID(),
    );
    await engine.stop(id);
    expect((await finished(id)).state).toBe('cancelled');
  });

  it('refuses a text that Athena would refuse, before it is sent', async () => {
    const sql = `SELECT '${'x'.repeat(262_144)}'`;
    await expect(engine.start(sql, randomUUID())).rejects.toMatchObject({ code: 'store.statementTooLong' });
  });
});
