import { describe } from 'vitest';
import { MemoryObjects } from '#store/memory/objects.ts';
import { objectsContract } from './objects-contract.ts';

describe('objects in memory', () => objectsContract(async () => new MemoryObjects()));
