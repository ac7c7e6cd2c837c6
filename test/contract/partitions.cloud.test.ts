import { randomUUID } from 'node:crypto';
import { CreateDatabaseCommand, CreateTableCommand, paginateGetPartitions } from '@aws-sdk/client-glue';
import { describe, expect, it } from 'vitest';
import { createGlueClient, GluePartitions } from '#store/glue/partitions.ts';
import type { Partition } from '#store/partitions.ts';
import { collect } from '#test/support/collect.ts';
import { partitionsContract } from './partitions-contract.ts';

const storage = {
  Columns: [{ Name: 'driver_id', Type: 'bigint' }],
  Location: 's3://bucket/feature-rows/stats/v1/',
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
};

const newTable = async () => {
  const client = createGlueClient();
  const DatabaseName = `contract_${randomUUID().replaceAll('-', '')}`;
  await client.send(new CreateDatabaseCommand({ DatabaseInput: { Name: DatabaseName } }));
  const PartitionKeys = [
    { Name: 'dt', Type: 'string' },
    { Name: 'run', Type: 'bigint' },
  ];
  const TableInput = { Name: 'rows_stats_v1', TableType: 'EXTERNAL_TABLE', PartitionKeys, StorageDescriptor: storage };
  await client.send(new CreateTableCommand({ DatabaseName, TableInput }));
  const details = async () => {
    const pages = paginateGetPartitions({ client }, { DatabaseName, TableName: 'rows_stats_v1' });
    return (await collect(pages)).flatMap(({ Partitions = [] }) => Partitions);
  };
  const registered = async (): Promise<Partition[]> =>
    (await details()).map(({ Values, StorageDescriptor }) => ({
      values: Values ?? [],
      location: StorageDescriptor?.Location ?? '',
    }));
  return { partitions: new GluePartitions(client, DatabaseName), registered, details };
};

describe('partitions in Glue', () => {
  partitionsContract(newTable);

  it("gives partitions their table's columns and formats", async () => {
    const { partitions, details } = await newTable();
    await partitions.register('rows_stats_v1', [{ values: ['2026-01-01', '1'], location: 's3://bucket/x/' }]);
    const [partition] = await details();
    expect(partition?.StorageDescriptor).toMatchObject({ ...storage, Location: 's3://bucket/x/' });
  });

  it('rejects a table that does not exist', async () => {
    const { partitions } = await newTable();
    await expect(partitions.register('nowhere', [{ values: ['a', '1'], location: 's3://b/' }])).rejects.toThrow();
  });
});
