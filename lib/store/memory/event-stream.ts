import { createHash } from 'node:crypto';
import { sequenceText } from '#semantics/stream/sequence.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { EventStream, NewRecord, PutOutcome, ShardPage, StreamRecord } from '../event-stream.ts';

export interface MemoryStreamOptions {
  /** Open shards at the start. @default 1 */
  readonly shards?: number;
  /** Arrival of what is put. @default Date.now */
  readonly clock?: () => number;
  /** Records in one page of read. @default 1000 */
  readonly pageRecords?: number;
}

interface Shard {
  readonly id: string;
  readonly records: StreamRecord[];
  isOpen: boolean;
}

/** A stream of one process. For tests. */
export class MemoryEventStream implements EventStream {
  readonly #shards: Shard[] = [];
  readonly #clock: () => number;
  readonly #pageRecords: number;
  #sequence = 0n;

  constructor(options: MemoryStreamOptions = {}) {
    this.#clock = options.clock ?? Date.now;
    this.#pageRecords = options.pageRecords ?? 1000;
    this.reshard(options.shards ?? 1);
  }

  /** Closes all open shards and opens that many new ones, as splits and merges do. */
  reshard(count: number): void {
    for (const shard of this.#shards) shard.isOpen = false;
    for (let opened = 0; opened < count; opened++) {
      const id = `shardId-${String(this.#shards.length).padStart(12, '0')}`;
      this.#shards.push({ id, records: [], isOpen: true });
    }
  }

  async put(records: readonly NewRecord[]): Promise<readonly PutOutcome[]> {
    const open = this.#shards.filter(({ isOpen }) => isOpen);
    const arrivalMillis = this.#clock();
    return records.map(({ partitionKey, data }) => {
      const hash = createHash('md5').update(partitionKey).digest().readUInt32BE();
      const shard = open[hash % open.length];
      if (!shard) return { kind: 'failed', reason: 'no shard is open' };
      this.#sequence += 1n;
      const sequence = sequenceText(this.#sequence);
      shard.records.push({ shard: shard.id, sequence, arrivalMillis, data: Uint8Array.from(data) });
      return { kind: 'put', shard: shard.id, sequence };
    });
  }

  async shards(): Promise<readonly string[]> {
    return this.#shards.map(({ id }) => id);
  }

  async read(shardId: string, afterSequence?: string): Promise<ShardPage> {
    const shard = this.#shards.find(({ id }) => id === shardId);
    if (!shard) throw new TidemarkError('store.unknownShard', `the stream has no shard ${shardId}`, { kind: 'failed' });
    const after = shard.records.filter(({ sequence }) => afterSequence === undefined || sequence > afterSequence);
    const records = after.slice(0, this.#pageRecords);
    return { records, isAtEnd: records.length === after.length };
  }
}
