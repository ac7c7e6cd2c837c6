import { describe } from 'vitest';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { eventStreamContract } from './event-stream-contract.ts';

describe('a stream in memory', () =>
  eventStreamContract(async () => {
    const stream = new MemoryEventStream({ shards: 2, pageRecords: 7 });
    return { stream, reshard: async () => stream.reshard(3) };
  }));
