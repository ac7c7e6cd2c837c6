import { expect, it } from 'vitest';
import { hour, over, planOf } from './window-cases.ts';

const day = { windowMillis: 86_400_000, hopMillis: 900_000 };
const week = { windowMillis: 604_800_000, hopMillis: 10_800_000 };

it('sorts windows by length and hop; each level has the greatest tiles that its windows are made of', () => {
  const plan = planOf([
    ['int64', { kind: 'count', ...week }],
    ['int64', { kind: 'count', ...hour }],
    ['int64', { kind: 'count', ...day }],
    ['int64', { kind: 'count', windowMillis: 86_400_000, hopMillis: 600_000 }],
    ['int64', { kind: 'count', ...hour, where: { op: 'isNull', column: 'shop' } }],
  ]);
  expect(plan.windows).toEqual([hour, { windowMillis: 86_400_000, hopMillis: 600_000 }, day, week]);
  expect(plan.levelMillis).toEqual([60_000, 300_000, 900_000, 10_800_000]);
});

it('shares parts among all aggregations that need them, and says which windows read them', () => {
  const plan = planOf([
    ['float64', over('mean', 'amount', { scale: 6 })],
    ['float64', over('sum', 'amount', { scale: 6, ...week })],
    ['float64', over('mean', 'amount', { scale: 6, ...day })],
    ['float64', over('stddev', 'amount', { scale: 6 })],
    ['float64', over('sum', 'amount', { scale: 2 })],
  ]);
  expect(
    plan.parts.map(({ kind, scale, bound, windows, lastWindow }) => [kind, scale, bound, windows, lastWindow]),
  ).toEqual([
    ['count', undefined, undefined, [0, 1], 1],
    ['sum', 6, 2 ** 53, [0, 1, 2], 2],
    ['beyond', 6, 2 ** 53, [0, 1, 2], 2],
    ['sum', 6, 2 ** 47, [0], 0],
    ['squares', 6, 2 ** 47, [0], 0],
    ['beyond', 6, 2 ** 47, [0], 0],
    ['sum', 2, 2 ** 53, [0], 0],
    ['beyond', 2, 2 ** 53, [0], 0],
  ]);
  expect(plan.fields).toEqual([{ column: 'amount', type: 'float64', isHash: false }]);
});

it('keeps parts with other filters apart, and reads each filter and field once', () => {
  const where = { op: 'eq', column: 'shop', value: 'a' } as const;
  const plan = planOf([
    ['int64', { kind: 'count', ...hour }],
    ['int64', { kind: 'count', ...hour, where }],
    ['int64', over('max', 'items', { where })],
    ['int64', over('min', 'items')],
    ['int64', over('distinct', 'shop', { where, exactUpTo: 9 })],
    ['float64', over('approxQuantile', 'items', { quantile: 0.5, relativeError: 0.1 })],
    ['float64', over('approxQuantile', 'items', { quantile: 0.9, relativeError: 0.1 })],
    ['list<string>', over('lastN', 'shop', { limit: 3 })],
  ]);
  expect(plan.parts.map(({ kind, filter, field }) => [kind, filter, field])).toEqual([
    ['count', undefined, undefined],
    ['count', 0, undefined],
    ['max', 0, 0],
    ['min', undefined, 0],
    ['distinct', 0, 1],
    ['quantile', undefined, 0],
    ['beyond', undefined, 0],
    ['lastN', undefined, 2],
  ]);
  expect(plan.filters).toEqual([where]);
  expect(plan.fields.map(({ column, isHash }) => [column, isHash])).toEqual([
    ['items', false],
    ['shop', true],
    ['shop', false],
  ]);
  expect(plan.parts[6]?.bound).toBe(2 ** 63);
});

it('needs no count for what says by itself that its window is empty', () => {
  const kinds = (...features: Parameters<typeof planOf>) => planOf(...features).parts.map(({ kind }) => kind);
  expect(kinds([['int64', over('sum', 'items')]])).toEqual(['sum']);
  expect(kinds([['float64', over('variance', 'items')]])).toEqual(['count', 'sum', 'squares', 'beyond']);
});
