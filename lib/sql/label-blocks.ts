import type { SpanTables } from './label-spans.ts';
import { bigint } from './text.ts';

/** Lengths of blocks of labels, the greatest 2^23: a statement joins 90 parts of 100,000 labels at most. */
const blockLengths: readonly number[] = Array.from({ length: 24 }, (_, power) => 2 ** power);

/**
 * Cuts spans into blocks: [start, start + size) with `_start` a multiple of `_size`, a power of two; at most two of each size, so that a label lies
 * in at most one block of a span and reads one block of each size. `from` is a relation with `_a`, `_b` and `columns`.
 */
export function blocksSelect(from: string, columns: readonly string[]): string {
  const sides = blockLengths.flatMap((size) => [`(0, ${bigint(size)})`, `(1, ${bigint(size)})`]);
  const [first, end] = ['_a + mod(_size - mod(_a, _size), _size)', '_b - mod(_b, _size)'];
  return [
    `SELECT ${columns.join(', ')}, _size, CASE WHEN _side = 0 THEN _first ELSE _end - _size END AS _start FROM (`,
    `SELECT ${columns.join(', ')}, _side, _size, ${first} AS _first, ${end} AS _end`,
    `FROM ${from} JOIN (VALUES ${sides.join(', ')}) AS sides (_side, _size) ON _size <= _b - _a`,
    // A block that begins or ends off the next greater grid belongs to no greater block of the span.
    ') cut WHERE _first < _end AND mod(CASE WHEN _side = 0 THEN _first ELSE _end END, 2 * _size) = _size',
  ].join('\n');
}

/** FROM clause of labels (p) and the blocks they lie in (b). `blocks` has keys, _size, _start. */
export function labelsInBlocks({ keys, points }: SpanTables, blocks: string): string {
  const sizes = blockLengths.map((size) => `(${bigint(size)})`);
  const on = [...keys.map((key) => `b.${key} = p.${key}`), 'b._size = p._size', 'b._start = p._start'];
  return [
    `(SELECT ${keys.join(', ')}, _n, _size, _n - mod(_n, _size) AS _start FROM ${points} JOIN (VALUES ${sizes.join(', ')}) AS sizes (_size) ON _size <= _n) p`,
    `JOIN ${blocks} b ON ${on.join(' AND ')}`,
  ].join('\n');
}
