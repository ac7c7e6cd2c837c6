import { describe } from 'vitest';
import { MemoryRecords } from '#store/memory/records.ts';
import { recordsContract } from './records-contract.ts';

describe('records in memory', () => recordsContract(async () => new MemoryRecords()));
