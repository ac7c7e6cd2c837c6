import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Value } from '#spec/value-type.ts';
import { expectEqualRows, type Rows } from '#test/trino/compare-engines.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-figures-'));
afterAll(() => rmSync(folder, { recursive: true }));
const target = { endpoint: 'http://127.0.0.1:9', figuresFile: join(folder, 'figures.jsonl') };

const rows = (values: readonly Value[], type = 'float64'): Rows => new Map([['x', { type, values }]]);
const compare = (local: Rows, trino: Rows): void => expectEqualRows(target, 'SELECT x', { local, trino });

describe('rows of both engines', () => {
  it('are equal in any order, and counted', () => {
    compare(rows([1, Number.NaN, null, 1]), rows([Number.NaN, 1, 1, null]));
    expect(JSON.parse(readFileSync(target.figuresFile, 'utf8'))).toEqual({ rows: 4, values: 4 });
  });

  it('are equal when there is none, whether or not a file was written', () => {
    compare(new Map(), rows([]));
  });

  it.each<readonly [string, readonly Value[], readonly Value[]]>([
    ['the sign of zero', [0], [-0]],
    ['the last bit', [0.1 + 0.2], [0.3]],
    ['the sign of a zero in a list', [[1, 0]], [[1, -0]]],
    ['null and NaN', [null], [Number.NaN]],
    ['how often a row is there', [1, 1, 2], [1, 2, 2]],
    ['the number of rows', [1], [1, 1]],
    ['no row', [], [1]],
    ['bytes and their text', [new Uint8Array([49])], ['1']],
  ])('differ by %s', (_, local, trino) => {
    expect(() => compare(rows(local), rows(trino))).toThrow(/differ[\s\S]*SELECT x/);
  });

  it('differ by the type of a column', () => {
    expect(() => compare(rows([1], 'float64'), rows([1], 'float32'))).toThrow('columns differ');
  });
});
