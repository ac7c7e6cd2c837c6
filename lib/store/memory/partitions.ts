import type { Partition, Partitions } from '../partitions.ts';

/** Partitions of one process. For tests. */
export class MemoryPartitions implements Partitions {
  readonly #tables = new Map<string, Map<string, Partition>>();

  async register(table: string, partitions: readonly Partition[]): Promise<void> {
    const registered = this.#tables.get(table) ?? new Map<string, Partition>();
    for (const partition of partitions) registered.set(JSON.stringify(partition.values), partition);
    this.#tables.set(table, registered);
  }

  async registerNew(table: string, partitions: readonly Partition[]): Promise<void> {
    const known = new Set(this.registered(table).map(({ values }) => JSON.stringify(values)));
    await this.register(
      table,
      partitions.filter(({ values }) => !known.has(JSON.stringify(values))),
    );
  }

  /** What is registered, by values. */
  registered(table: string): readonly Partition[] {
    return [...(this.#tables.get(table)?.values() ?? [])];
  }
}
