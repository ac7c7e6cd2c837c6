import { describe } from 'vitest';
import { MemoryWindowItems } from '#store/memory/window-items.ts';
import { windowItemsContract } from './window-items-contract.ts';

describe('window items in memory', () => windowItemsContract(async () => new MemoryWindowItems()));
