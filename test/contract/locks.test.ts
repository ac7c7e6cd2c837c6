import { describe } from 'vitest';
import { MemoryLocks } from '#store/memory/locks.ts';
import { locksContract } from './locks-contract.ts';

describe('locks in memory', () => locksContract(async () => new MemoryLocks()));
