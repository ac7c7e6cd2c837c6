import { describe, expect, it } from 'vitest';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import { rankUnit } from '#semantics/stream/hyperloglog.ts';
import { addEvents, compactState, emptyState } from '#semantics/stream/window-state.ts';
import { finish, hour, over, payment, planOf } from './window-cases.ts';

/** A whole minute, and so an edge of tiles. */
const noon = Date.UTC(2026, 10, 22, 12);
const minute = 60_000;
const count = planOf([['int64', { kind: 'count', ...hour }]]);
const held = (eventTimeMillis: number, atMillis: number) =>
  finish(count, [payment(eventTimeMillis)], atMillis).values[0];

describe('bounds of a window', () => {
  it('an event on the edge of a tile leaves exactly an hour later', () => {
    expect(held(noon, noon)).toBe(1n);
    expect(held(noon, noon + 60 * minute - 1)).toBe(1n);
    expect(held(noon, noon + 60 * minute)).toBe(0n);
  });

  it('an event a millisecond after the edge stays a hop longer', () => {
    expect(held(noon + 1, noon + 61 * minute - 1)).toBe(1n);
    expect(held(noon + 1, noon + 61 * minute)).toBe(0n);
  });

  it('an event a millisecond before the edge leaves with the edge', () => {
    expect(held(noon - 1, noon + 60 * minute - 1)).toBe(1n);
    expect(held(noon - 1, noon + 60 * minute)).toBe(0n);
  });

  it('an exact window is cut to the millisecond', () => {
    const exact = planOf([['int64', { kind: 'count', windowMillis: 60 * minute, hopMillis: 1 }]], {
      exact: { maxEvents: 9 },
    });
    const at = (atMillis: number) => finish(exact, [payment(noon + 1)], atMillis).values[0];
    expect([at(noon + 60 * minute), at(noon + 60 * minute + 1)]).toEqual([1n, 0n]);
  });
});

describe('compaction', () => {
  const plan = planOf([
    ['int64', { kind: 'count', ...hour }],
    ['float64', over('sum', 'amount', { scale: 0, windowMillis: 4 * 60 * minute, hopMillis: 15 * minute })],
  ]);
  const state = addEvents(plan, emptyState, [payment(noon, { amount: 1 }), payment(noon + 1, { amount: 2 })]);

  it('moves a tile to the next level at the instant at which its window leaves it, and drops what only that window read', () => {
    expect(compactState(plan, state, noon + 60 * minute - 1)).toBe(state);
    expect(compactState(plan, state, noon + 60 * minute).tiles).toEqual([
      { level: 0, endMillis: noon + minute, parts: [1, 2, undefined] },
      { level: 1, endMillis: noon, parts: [undefined, 1] },
    ]);
    expect(compactState(plan, state, noon + 61 * minute).tiles).toEqual([
      { level: 1, endMillis: noon, parts: [undefined, 1] },
      { level: 1, endMillis: noon + 15 * minute, parts: [undefined, 2] },
    ]);
  });

  it('drops a tile when the last window has left it', () => {
    const last = noon + 4 * 60 * minute;
    expect(compactState(plan, state, last - 1).tiles).toHaveLength(2);
    expect(compactState(plan, state, last).tiles).toHaveLength(1);
    expect(compactState(plan, state, last + 15 * minute).tiles).toEqual([]);
  });

  it('skips levels whose windows have left already', () => {
    const late = addEvents(plan, emptyState, [payment(noon - 100 * minute, { amount: 5 })]);
    expect(compactState(plan, late, noon).tiles).toEqual([
      { level: 1, endMillis: noon - 90 * minute, parts: [undefined, 5] },
    ]);
  });

  it('leaves the given state as it is', () => {
    const before = structuredClone(state);
    compactState(plan, addEvents(plan, state, [payment(noon, { amount: 7 })]), noon + 90 * minute);
    expect(state).toEqual(before);
  });
});

describe('values', () => {
  it('lists the last values by (event time, value), oldest first, and keeps ties', () => {
    const plan = planOf([['list<string>', over('lastN', 'shop', { limit: 3 })]]);
    const events = ['b', 'a', 'b', 'c'].map((shop, index) => payment(noon + (index === 3 ? -1 : 0), { shop }));
    expect(finish(plan, events, noon).values).toEqual([['a', 'b', 'b']]);
    expect(finish(plan, events.slice(1), noon).values).toEqual([['c', 'a', 'b']]);
    expect(finish(plan, [], noon)).toEqual({ values: [null], marks: 'd' });
  });

  it('gives decimals as float64', () => {
    const plan = planOf([
      ['float64', over('min', 'price')],
      ['float64', over('sum', 'price')],
      ['float64', over('last', 'price')],
      ['list<float64>', over('lastN', 'price', { limit: 2 })],
      ['float64', over('approxQuantile', 'price', { quantile: 1, relativeError: 0.25 })],
    ]);
    const events = [
      payment(noon, { price: 1050n }),
      payment(noon + 1, { price: -75n }),
      payment(noon + 2, { price: null }),
    ];
    expect(finish(plan, events, noon + 2).values).toEqual([-0.75, 9.75, -0.75, [10.5, -0.75], 10]);
  });

  it('gives the declared default of an empty window in its type', () => {
    const plan = planOf([
      ['int64', over('max', 'items'), '9007199254740993'],
      ['bytes', over('last', 'card'), 'AP8='],
      ['float64', over('mean', 'amount', { scale: 6 }), 'NaN'],
      ['list<int64>', over('lastN', 'items', { limit: 2 }), ['1', null]],
      ['string', over('first', 'shop')],
    ]);
    expect(finish(plan, [], noon)).toEqual({
      values: [9_007_199_254_740_993n, Uint8Array.of(0, 255), Number.NaN, [1n, null], null],
      marks: 'ddddd',
    });
  });

  it('ignores values that are not usable, and counts rows all the same', () => {
    const plan = planOf([
      ['int64', { kind: 'count', ...hour }],
      ['float64', over('max', 'amount')],
      ['float64', over('mean', 'amount', { scale: 6 })],
    ]);
    const events = [null, Number.NaN, Number.POSITIVE_INFINITY].map((amount) => payment(noon, { amount }));
    expect(finish(plan, events, noon)).toEqual({ values: [3n, null, null], marks: '.dd' });
  });

  it('is an error where a value to be counted has no hash, not where it is null', () => {
    const plan = planOf([['int64', over('distinct', 'shop', { exactUpTo: 2 })]]);
    const shop = (name: string | null, hash: bigint | null) => payment(noon, { shop: name }, { shop: hash });
    expect(finish(plan, [shop('a', 1n), shop('b', 2n), shop('a', 1n), shop(null, null)], noon).values).toEqual([2n]);
    expect(finish(plan, [shop('a', 1n), shop('b', null)], noon)).toEqual({ values: [null], marks: 'e' });
    expect(finish(plan, [payment(noon, { shop: 'a' })], noon).marks).toBe('e');
  });

  it('estimates from the first value beyond exactUpTo', () => {
    const plan = planOf([['int64', over('distinct', 'shop', { exactUpTo: 2 })]]);
    // two of three values share a register, so that the estimate is seen to be one
    const events = [1n, 2n, 1025n].map((name) => payment(noon, { shop: 'x' }, { shop: rankUnit + name }));
    expect(finish(plan, events.slice(0, 2), noon).values).toEqual([2n]);
    expect(finish(plan, events, noon).values).toEqual([2n]);
    expect(finish(plan, events.slice(1), noon).values).toEqual([2n]);
  });

  it('is an error for a quantile of a value without bucket', () => {
    const plan = planOf([['float64', over('approxQuantile', 'amount', { quantile: 0, relativeError: 0.01 })]]);
    const largest = 2 ** 63 - 1024;
    expect(finish(plan, [payment(noon, { amount: -largest })], noon).marks).toBeNull();
    expect(finish(plan, [payment(noon, { amount: 1 }), payment(noon, { amount: -(2 ** 63) })], noon)).toEqual({
      values: [null],
      marks: 'e',
    });
  });
});

describe('what is not known is an error', () => {
  const window = { windowMillis: 60 * minute, hopMillis: 1 };
  const where = { op: 'eq', column: 'shop', value: 'a' } as const;

  it('an exact window of more than maxEvents events, whatever its filter lets through', () => {
    const plan = planOf([['int64', { kind: 'count', ...window, where }]], { exact: { maxEvents: 2 } });
    const events = [0, 1, 2].map((index) => payment(noon + index, { shop: index === 0 ? 'a' : 'b' }));
    expect(finish(plan, events.slice(0, 2), noon + 2)).toEqual({ values: [1n], marks: null });
    expect(finish(plan, events, noon + 2)).toEqual({ values: [null], marks: 'e' });
    expect(finish(plan, events, noon + 60 * minute)).toEqual({ values: [0n], marks: 'd' });
  });

  it('of an exact view the windows that hold too much, not the shorter ones', () => {
    const short = { windowMillis: minute, hopMillis: 1 };
    const plan = planOf(
      [
        ['int64', { kind: 'count', ...window }],
        ['int64', { kind: 'count', ...short }],
      ],
      { exact: { maxEvents: 2 } },
    );
    const events = [0, 10, 30, 30].map((minutes) => payment(noon + minutes * minute));
    expect(finish(plan, events, noon + 30 * minute)).toEqual({ values: [null, 2n], marks: 'e.' });
  });

  it('windows that reach back to events that were lost', () => {
    const plan = planOf([
      ['int64', { kind: 'count', ...hour }],
      ['int64', { kind: 'count', windowMillis: 2 * 60 * minute, hopMillis: 10 * minute }],
    ]);
    const state = addEvents(plan, emptyState, [payment(noon + 30 * minute)]);
    const at = (atMillis: number) =>
      finishWindows(plan, [emptyState, { ...state, lostUntilMillis: noon }], atMillis).marks;
    expect(at(noon + 60 * minute - 1)).toBe('ee');
    expect(at(noon + 60 * minute)).toBe('.e');
    expect(at(noon + 120 * minute - 1)).toBe('de');
    expect(at(noon + 120 * minute)).toBe('d.');
    expect(finishWindows(plan, [{ ...state, lostUntilMillis: null }], noon + 30 * minute).marks).toBeNull();
  });
});
