import {
  BatchCreatePartitionCommand,
  BatchGetPartitionCommand,
  GetTableCommand,
  GlueClient,
  type PartitionInput,
  type StorageDescriptor,
  UpdatePartitionCommand,
} from '@aws-sdk/client-glue';
import { TidemarkError } from '#spec/errors.ts';
import { chunked, forEachConcurrent } from '../concurrent.ts';
import type { Partition, Partitions } from '../partitions.ts';

/** Glue's limit of partitions in one BatchCreatePartition. */
const createBatch = 100;
const updateConcurrency = 8;

export const createGlueClient = (): GlueClient => new GlueClient({ maxAttempts: 8 });

/** Partitions of the tables of one Glue database. */
export class GluePartitions implements Partitions {
  readonly #client: GlueClient;
  readonly #database: string;

  constructor(client: GlueClient, databaseName: string) {
    this.#client = client;
    this.#database = databaseName;
  }

  async register(table: string, partitions: readonly Partition[]): Promise<void> {
    if (partitions.length === 0) return;
    const storage = await this.#storageOf(table);
    for (const chunk of chunked(partitions, createBatch)) {
      const existing = await this.#create(table, storage, chunk);
      const moved = await this.#elsewhere(table, existing);
      await forEachConcurrent(moved, updateConcurrency, (partition) => this.#move(table, storage, partition));
    }
  }

  async registerNew(table: string, partitions: readonly Partition[]): Promise<void> {
    if (partitions.length === 0) return;
    const storage = await this.#storageOf(table);
    for (const chunk of chunked(partitions, createBatch)) await this.#create(table, storage, chunk);
  }

  /** A partition's columns and formats are its table's: Athena reads a partition by its own descriptor. */
  async #storageOf(table: string): Promise<StorageDescriptor> {
    const command = new GetTableCommand({ DatabaseName: this.#database, Name: table });
    const storage = (await this.#client.send(command)).Table?.StorageDescriptor;
    if (storage) return storage;
    throw new TidemarkError(
      'store.tableUnreadable',
      `Glue table ${this.#database}.${table} has no storage descriptor`,
      {
        kind: 'failed',
      },
    );
  }

  /** Creates what is new and returns the partitions that exist already. */
  async #create(table: string, storage: StorageDescriptor, partitions: readonly Partition[]): Promise<Partition[]> {
    const inputs = partitions.map((partition) => toInput(partition, storage));
    const request = { DatabaseName: this.#database, TableName: table, PartitionInputList: inputs };
    const { Errors = [] } = await this.#client.send(new BatchCreatePartitionCommand(request));
    const existing = new Set<string>();
    for (const { PartitionValues = [], ErrorDetail } of Errors) {
      if (ErrorDetail?.ErrorCode !== 'AlreadyExistsException')
        throw new TidemarkError(
          'store.partitionRefused',
          `partition ${PartitionValues.join('/')} of ${table} was refused: ${ErrorDetail?.ErrorCode} ${ErrorDetail?.ErrorMessage}`,
          { kind: 'failed' },
        );
      existing.add(valuesText(PartitionValues));
    }
    return partitions.filter((partition) => existing.has(valuesText(partition.values)));
  }

  /** Those of the existing partitions that are registered with another location. */
  async #elsewhere(table: string, partitions: readonly Partition[]): Promise<Partition[]> {
    if (partitions.length === 0) return [];
    const PartitionsToGet = partitions.map((partition) => ({ Values: [...partition.values] }));
    const request = { DatabaseName: this.#database, TableName: table, PartitionsToGet };
    const { Partitions: found = [] } = await this.#client.send(new BatchGetPartitionCommand(request));
    const locations = new Map(found.map((item) => [valuesText(item.Values ?? []), item.StorageDescriptor?.Location]));
    return partitions.filter((partition) => locations.get(valuesText(partition.values)) !== partition.location);
  }

  async #move(table: string, storage: StorageDescriptor, partition: Partition): Promise<void> {
    await this.#client.send(
      new UpdatePartitionCommand({
        DatabaseName: this.#database,
        TableName: table,
        PartitionValueList: [...partition.values],
        PartitionInput: toInput(partition, storage),
      }),
    );
  }
}

const valuesText = (values: readonly string[]): string => JSON.stringify(values);

const toInput = (partition: Partition, storage: StorageDescriptor): PartitionInput => ({
  Values: [...partition.values],
  StorageDescriptor: { ...storage, Location: partition.location },
});
