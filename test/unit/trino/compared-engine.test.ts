import { describe, expect, it } from 'vitest';
import { unloadSql } from '#sql/unload-sql.ts';
import type { SqlEngine } from '#store/sql-engine.ts';
import { comparedEngine } from '#test/trino/compared-engine.ts';

describe('an engine that is compared with Trino', () => {
  const started: string[] = [];
  const sql: SqlEngine = {
    start: async (statement) => `query-${started.push(statement)}`,
    status: async () => ({ state: 'succeeded', bytesScanned: 0, millis: 0 }),
    stop: async () => undefined,
    async *rows() {},
  };

  it.each([
    [
      'of an UNLOAD',
      unloadSql({ select: 'WITH a AS (\nSELECT 1\n)\nSELECT 2', uri: 's3://b/f/', partitionedBy: ['p'] }),
    ],
    ['by itself', 'WITH a AS (\nSELECT 1\n)\nSELECT 2'],
  ])('hands on the SELECT %s, then starts the statement unchanged', async (_, statement) => {
    started.length = 0;
    const compared: string[] = [];
    const engine = comparedEngine(sql, async (select) => void compared.push(select));
    expect(await engine.start(statement, 'token')).toBe('query-1');
    expect(compared).toEqual(['WITH a AS (\nSELECT 1\n)\nSELECT 2']);
    expect(started).toEqual([statement]);
  });

  it('starts nothing where Trino answers otherwise', async () => {
    started.length = 0;
    const engine = comparedEngine(sql, () => Promise.reject(new Error('rows differ')));
    await expect(engine.start('SELECT 1', 'token')).rejects.toThrow('rows differ');
    expect(started).toEqual([]);
  });

  it('leaves other statements to the engine', async () => {
    const engine = comparedEngine(sql, () => Promise.reject(new Error('rows differ')));
    await engine.start('ALTER TABLE t ADD PARTITION (dt = 1)', 'token');
  });
});
