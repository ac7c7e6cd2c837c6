import { expect, it } from 'vitest';
import { truthOf } from '#semantics/expression.ts';
import { compareRows, type OrderedRow } from '#semantics/row-order.ts';
import { isExpired, rowOutcome, visibleFromMillis } from '#semantics/visibility.ts';
import type { Expression } from '#spec/expression.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';

it('shows a table row as served, at its event time, or when it was known', () => {
  const row = { eventTimeMillis: 100, createdTimeMillis: 150, availableAtMillis: 110 };
  expect(visibleFromMillis(row, 'asServed')).toBe(110);
  expect(visibleFromMillis(row, 'eventTime')).toBe(100);
  expect(visibleFromMillis(row, 'knowledgeTime')).toBe(150);
});

it('never shows a row before its event time', () => {
  const row = { eventTimeMillis: 100, createdTimeMillis: 50, availableAtMillis: 60 };
  for (const mode of ['asServed', 'eventTime', 'knowledgeTime'] as const)
    expect(visibleFromMillis(row, mode)).toBe(100);
  expect(visibleFromMillis({ ...row, createdTimeMillis: null }, 'knowledgeTime')).toBe(100);
});

it('knows a batch row when it is served', () => {
  expect(visibleFromMillis({ eventTimeMillis: 100, availableAtMillis: 160 }, 'knowledgeTime')).toBe(160);
});

it('always shows static rows and never lets them expire', () => {
  const row = { eventTimeMillis: null, createdTimeMillis: null };
  for (const mode of ['asServed', 'eventTime', 'knowledgeTime'] as const)
    expect(visibleFromMillis(row, mode)).toBe(Number.NEGATIVE_INFINITY);
  expect(isExpired(row, 1, 1e15)).toBe(false);
});

it('keeps a row of exactly the ttl and expires it a millisecond later', () => {
  const row = { eventTimeMillis: 100 };
  expect([149, 150, 151].map((at) => rowOutcome(row, 50, at))).toEqual(['present', 'present', 'expired']);
  expect(rowOutcome(row, undefined, 1e15)).toBe('present');
});

it('takes no row and a tombstone for missing, also beyond the ttl', () => {
  expect(rowOutcome(undefined, 50, 0)).toBe('missing');
  expect(rowOutcome({ eventTimeMillis: 100, deleted: true }, 50, 1000)).toBe('missing');
});

it('orders rows by event time, creation, run, features, tombstone, in this order', () => {
  const base: OrderedRow = { eventTimeMillis: 5, createdTimeMillis: 5, run: 1, values: [1, 'a'], deleted: false };
  const ascending: OrderedRow[] = [
    { ...base, eventTimeMillis: null, createdTimeMillis: 9, run: 9 },
    { ...base, eventTimeMillis: 4, createdTimeMillis: 9, run: 9 },
    { ...base, createdTimeMillis: 4, run: 9 },
    { ...base, createdTimeMillis: null, run: 0, values: [9, 'z'], deleted: true },
    { ...base, values: [null, 'z'] },
    { ...base, values: [0, 'z'], deleted: true },
    base,
    { ...base, deleted: true },
    { ...base, values: [1, 'b'] },
    { ...base, createdTimeMillis: 6, run: 0, values: [0, ''] },
    { ...base, eventTimeMillis: 6, createdTimeMillis: 0, run: 0 },
  ];
  for (const [i, a] of ascending.entries())
    for (const [j, b] of ascending.entries()) expect(compareRows(a, b) + 0, `${i} and ${j}`).toBe(Math.sign(i - j) + 0);
});

it.each<[Expression, Value, ColumnType, boolean | null]>([
  [{ op: 'eq', column: 'x', value: 0.1 }, Math.fround(0.1), 'float32', true],
  [{ op: 'eq', column: 'x', value: '9007199254740993' }, 9007199254740993n, 'int64', true],
  [{ op: 'gt', column: 'x', value: '1.05' }, 106n, 'decimal(9,2)', true],
  [{ op: 'eq', column: 'x', value: '-1.5' }, -150n, 'decimal(9,2)', true],
  [{ op: 'eq', column: 'x', value: 7 }, 700n, 'decimal(9,2)', true],
  [{ op: 'lt', column: 'x', value: '2026-01-01' }, 20453, 'date', true],
  [{ op: 'eq', column: 'x', value: '2026-01-01' }, 20454, 'date', true],
  [{ op: 'ge', column: 'x', value: 1_700_000_000_000 }, 1_700_000_000_000, 'timestamp', true],
  [{ op: 'eq', column: 'x', value: true }, true, 'bool', true],
  [{ op: 'ne', column: 'x', value: 0 }, Number.NaN, 'float64', true],
  [{ op: 'not', of: { op: 'eq', column: 'x', value: 0 } }, Number.NaN, 'float64', true],
  [{ op: 'in', column: 'x', values: ['a', 'b'] }, null, 'string', null],
  [{ op: 'in', column: 'x', values: ['a', 'b'] }, 'c', 'string', false],
  [{ op: 'eq', column: 'y', value: 'a' }, 'a', 'string', null],
])('decides %j', (expression, ...[value, type, truth]) => {
  expect(truthOf(expression, { x: type })({ x: value })).toBe(truth);
});
