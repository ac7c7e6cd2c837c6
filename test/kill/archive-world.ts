import { expect } from 'vitest';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { type ArchivePorts, eventArchiver } from '#engine/ingest/archive-batch.ts';
import { archivedThrough } from '#engine/ingest/archive-progress.ts';
import { type CompactionPorts, compactEvents } from '#engine/ingest/compact-events.ts';
import { entryData, quarantineIds, readEntry } from '#engine/ingest/quarantine.ts';
import { utcDate } from '#semantics/time.ts';
import { eventColumns, objectKeys, tableNames } from '#spec/layout.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryPartitions } from '#store/memory/partitions.ts';
import { entityOf, manifestOf, streamSourceOf } from '#test/support/manifests.ts';
import type { Random } from '#test/support/random.ts';
import { mortalIngestPorts } from './mortal-ingest-ports.ts';
import { type CallHook, MortalPorts, neverKilled } from './mortal-ports.ts';

export const minute = 60_000;
export const day = 86_400_000;
const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
export const rides: StreamSource = streamSourceOf(
  'rides',
  [
    { name: 'ride_id', type: 'int64' },
    { name: 'driver_id', type: 'int64' },
    { name: 'fare', type: 'decimal(10,2)' },
    { name: 'happened_at', type: 'timestamp' },
  ],
  { eventTime: 'happened_at', partitionBy: ['driver_id'], entities: ['driver'], hashed: ['driver_id'] },
);
export const manifest = manifestOf({ entities: [driver], sources: [rides], views: [] });

/** A stream, its archive and its compaction in memory, and what must hold of them. */
export class ArchiveWorld {
  nowMillis = Date.parse('2024-03-01T20:30:00Z');
  readonly objects = new MemoryObjects();
  readonly checkpoints = new MemoryCheckpoints();
  readonly partitions = new MemoryPartitions();
  readonly stream: MemoryEventStream;
  readonly ports: ArchivePorts & CompactionPorts;
  /** Rides by number: those that are well formed, and the positions of those that are not. */
  readonly good = new Set<number>();
  readonly bad = new Map<string, string>();
  #rides = 0;

  constructor(shards = 2) {
    this.stream = new MemoryEventStream({ shards, clock: () => this.nowMillis, pageRecords: 7 });
    this.ports = {
      manifest,
      objects: this.objects,
      checkpoints: this.checkpoints,
      partitions: this.partitions,
      openStream: () => this.stream,
      clock: () => this.nowMillis,
    };
  }

  /** Puts so many rides into the stream, a few milliseconds apart; about one in `oneBadIn` can never be read. */
  async putRides(
    count: number,
    { random, oneBadIn }: { readonly random: Random; readonly oneBadIn: number },
  ): Promise<void> {
    for (let left = count; left > 0; left--) {
      const ride = this.#rides++;
      this.nowMillis += random.integer(0, 20);
      const isBad = random.integer(1, oneBadIn) === 1;
      const text = JSON.stringify({
        ride_id: ride,
        driver_id: ride % 5,
        fare: '1.25',
        happened_at: this.nowMillis - 1000,
      });
      const payload = isBad ? random.pick([text.slice(1), `${ride}`, text.replace('"fare":"', '"fare":"x')]) : text;
      const partitionKey = String(ride % 5);
      const [outcome] = await this.stream.put([{ partitionKey, data: Buffer.from(payload) }]);
      if (outcome?.kind !== 'put') throw new Error('not put');
      if (isBad) this.bad.set(`${utcDate(this.nowMillis)}/${outcome.shard}/${outcome.sequence}`, payload);
      else this.good.add(ride);
    }
  }

  async recordsOf(shard: string): Promise<StreamRecord[]> {
    const records: StreamRecord[] = [];
    for (;;) {
      const page = await this.stream.read(shard, records.at(-1)?.sequence);
      records.push(...page.records);
      if (page.isAtEnd) return records;
    }
  }

  /** A consumer in a process with that hook at each of its calls. It can be asked for several batches. */
  consumer(hook: CallHook = neverKilled): {
    readonly archive: ReturnType<typeof eventArchiver>;
    readonly process: MortalPorts;
  } {
    const process = new MortalPorts(hook);
    return { archive: eventArchiver(mortalIngestPorts(process, this.ports), rides), process };
  }

  /** Delivers a shard from a position to its end as Lambda does: batch after batch, each until it succeeds. */
  async deliverAll(random: Random): Promise<void> {
    for (const shard of await this.stream.shards()) {
      const records = await this.recordsOf(shard);
      const { archive } = this.consumer();
      for (let start = 0; start < records.length; ) {
        const size = random.integer(1, 9);
        await archive(records.slice(start, start + size));
        start += random.chance(0.2) ? 0 : size;
      }
    }
  }

  /** Compaction in a process with that hook; how many calls it made, and whether it lived. */
  async compact(hook: CallHook = neverKilled): Promise<MortalPorts> {
    const process = new MortalPorts(hook);
    try {
      await compactEvents(mortalIngestPorts(process, this.ports), rides);
    } catch (error) {
      if (!process.dead) throw error;
    }
    return process;
  }

  /** Rides that a reader of the catalog's partitions sees, each as often as it stands there. */
  async visibleRides(): Promise<number[]> {
    const seen: number[] = [];
    for (const { location, values } of this.partitions.registered(tableNames.events(rides))) {
      const folder = location.slice(this.objects.uri('').length);
      for await (const { key } of this.objects.list(folder)) seen.push(...(await this.#ridesIn(key, values[0] ?? '')));
    }
    return seen;
  }

  async #ridesIn(key: string, dt: string): Promise<number[]> {
    const stored = await this.objects.get(key);
    const file = await openParquet(bytesSource(stored?.body ?? new Uint8Array(0)));
    const wanted = ['ride_id', 'happened_at', eventColumns.arrivalTime, eventColumns.hash('driver_id')];
    const [ids = [], happened = [], arrivals = [], hashes = []] = await readColumns(
      file,
      wanted.map((name) => ({ name })),
    );
    for (const [index, arrival] of arrivals.entries()) {
      expect(utcDate(Number(arrival)), `${key} row ${index}`).toBe(dt);
      expect(happened[index]).toBe(Number(arrival) - 1000);
      expect(hashes[index]).toEqual(expect.any(BigInt));
    }
    return ids.map(Number);
  }

  /** No ride is seen twice and none that was not put; whether all are is asked with expectComplete. */
  async expectNoneTwice(): Promise<void> {
    const seen = await this.visibleRides();
    expect(new Set(seen).size, 'a ride is in the log twice').toBe(seen.length);
    for (const ride of seen) expect(this.good.has(ride), `ride ${ride} is not to be in the log`).toBe(true);
  }

  /** Every good ride is in the log once, and the quarantine holds exactly the bad ones, byte for byte. */
  async expectComplete(): Promise<void> {
    expect((await this.visibleRides()).sort((a, b) => a - b)).toEqual([...this.good].sort((a, b) => a - b));
    const entries = new Map<string, string>();
    for await (const { id } of quarantineIds(this.objects, rides)) {
      const entry = await readEntry(this.objects, rides, id);
      entries.set(id, Buffer.from(entryData(entry)).toString());
    }
    expect(entries).toEqual(this.bad);
    expect(await this.isArchived()).toBe(true);
  }

  isArchived(instantMillis = this.nowMillis): Promise<boolean> {
    return archivedThrough({ checkpoints: this.checkpoints, stream: this.stream }, rides, instantMillis);
  }

  async keysOf(folder: 'events' | 'compacted'): Promise<string[]> {
    const keys: string[] = [];
    const prefix = folder === 'events' ? objectKeys.events(rides) : objectKeys.eventsCompacted(rides);
    for await (const { key } of this.objects.list(prefix)) keys.push(key);
    return keys;
  }
}
