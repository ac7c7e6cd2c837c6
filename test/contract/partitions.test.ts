import { describe } from 'vitest';
import { MemoryPartitions } from '#store/memory/partitions.ts';
import { partitionsContract } from './partitions-contract.ts';

describe('partitions in memory', () =>
  partitionsContract(async () => {
    const partitions = new MemoryPartitions();
    return { partitions, registered: async () => partitions.registered('rows_stats_v1') };
  }));
