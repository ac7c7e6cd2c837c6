import { describe } from 'vitest';
import { MemoryCheckpoints } from '#store/memory/checkpoints.ts';
import { checkpointsContract } from './checkpoints-contract.ts';

describe('checkpoints in memory', () => checkpointsContract(async () => new MemoryCheckpoints()));
