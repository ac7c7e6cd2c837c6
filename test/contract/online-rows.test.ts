import { describe } from 'vitest';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import { onlineRowsContract } from './online-rows-contract.ts';

describe('online rows in memory', () => onlineRowsContract(async () => new MemoryOnlineRows()));
