import { expect, it } from 'vitest';
import type { Partition, Partitions } from '#store/partitions.ts';

export interface PartitionsUnderTest {
  readonly partitions: Partitions;
  /** What the catalog has for the table, in any order. */
  registered(): Promise<readonly Partition[]>;
}

const partitionOf = (day: number, run: number, folder = 'first'): Partition => ({
  values: [new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10), String(run)],
  location: `s3://bucket/feature-rows/stats/v1/run=${run}/${folder}/dt=${day}/`,
});

const sorted = (partitions: readonly Partition[]): Partition[] =>
  [...partitions].sort((a, b) => (String(a.values) < String(b.values) ? -1 : 1));

/** What every catalog of partitions does. `create` gives a table `rows_stats_v1` with partition columns dt and run. */
export function partitionsContract(create: () => Promise<PartitionsUnderTest>): void {
  const table = 'rows_stats_v1';

  it('registers partitions, more than one call takes', async () => {
    const { partitions, registered } = await create();
    const all = Array.from({ length: 230 }, (_, day) => partitionOf(day, 1));
    await partitions.register(table, []);
    await partitions.register(table, all);
    expect(sorted(await registered())).toEqual(all);
  });

  it('leaves a partition of the same location, moves one of another, and adds what is new', async () => {
    const { partitions, registered } = await create();
    await partitions.register(table, [partitionOf(0, 1), partitionOf(1, 1)]);
    const again = [partitionOf(0, 1), partitionOf(1, 1, 'second'), partitionOf(1, 2)];
    await partitions.register(table, again);
    await partitions.register(table, again);
    expect(sorted(await registered())).toEqual(again);
  });

  it('adds only what is new where it is asked to, and moves nothing', async () => {
    const { partitions, registered } = await create();
    await partitions.registerNew(table, []);
    await partitions.registerNew(table, [partitionOf(0, 1)]);
    await partitions.registerNew(table, [partitionOf(0, 1, 'second'), partitionOf(1, 1)]);
    expect(sorted(await registered())).toEqual([partitionOf(0, 1), partitionOf(1, 1)]);
  });
}
