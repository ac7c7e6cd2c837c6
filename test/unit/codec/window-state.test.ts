import { describe, expect, it } from 'vitest';
import { packWindows, type ReadWindows, type StoredWindows, windowReader } from '#codec/window-state.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { rankUnit } from '#semantics/stream/hyperloglog.ts';
import type { WindowPlan } from '#semantics/stream/window-plan.ts';
import { addEvents, compactState, emptyState, type WindowState } from '#semantics/stream/window-state.ts';
import { hour, over, payment, planOf, viewOf } from '#test/unit/semantics/stream/window-cases.ts';

const noon = Date.UTC(2026, 10, 22, 12);
const minute = 60_000;
const bare = { handOvers: 0, closedUntilMillis: null, lostUntilMillis: null };

type Features = Parameters<typeof planOf>[0];
type Options = Parameters<typeof planOf>[1];

const packed = (features: Features, state: WindowState, options: Options = {}): string =>
  packWindows(viewOf(features, options), planOf(features, options), { ...bare, state });

function reread(features: Features, text: string, options: Options = {}): StoredWindows & { kind: 'windows' } {
  const read: ReadWindows = windowReader(viewOf(features, options), planOf(features, options))(text);
  if (read.kind !== 'windows') throw new Error('another layout');
  return read;
}
/** Without what may follow the last contribution of a tile: nothing. */
const trimmed = ({ tiles, events }: WindowState): WindowState => ({
  tiles: tiles.map((tile) => ({
    ...tile,
    parts: tile.parts.slice(0, tile.parts.findLastIndex((part) => part !== undefined) + 1),
  })),
  events,
});

const stateOf = (plan: WindowPlan, events: readonly StreamEvent[]): WindowState => addEvents(plan, emptyState, events);

const small: Features = [
  ['int64', { kind: 'count', ...hour }],
  ['float64', over('sum', 'amount', { scale: 2 })],
  ['float64', over('min', 'amount')],
  ['float64', over('max', 'amount')],
];

describe('the text of windows', () => {
  it('is the layout and short JSON: tiles by their distance, parts without what is not there', () => {
    const events = [payment(noon, { amount: 12.5 }), payment(noon - 1, { amount: 3 }), payment(noon + 3 * minute)];
    const text = packed(small, stateOf(planOf(small), events));
    expect(text).toBe(`abcd0123[0,null,null,[[${noon / minute},2,1550,0,3,12.5],[3,1]]]`);
  });

  it('keeps what stands beside the state', () => {
    const head = { handOvers: 7, closedUntilMillis: noon, lostUntilMillis: noon - 1, state: emptyState };
    const text = packWindows(viewOf(small), planOf(small), head);
    expect(text).toBe(`abcd0123[7,${noon},${noon - 1},[]]`);
    expect(reread(small, text)).toEqual({ kind: 'windows', ...head });
  });

  it('leaves out tiles of which no part took anything', () => {
    const features: Features = [['float64', over('sum', 'amount', { scale: 2 })]];
    const text = packed(features, stateOf(planOf(features), [payment(noon, { amount: null })]));
    expect(text).toBe('abcd0123[0,null,null,[]]');
  });

  it('has a tile of count, sum, min and max in about 30 characters', () => {
    const plan = planOf(small);
    const events = Array.from({ length: 600 }, (_, n) => payment(noon + n * 6000, { amount: ((n * 7919) % 1000) / 8 }));
    const text = packed(small, stateOf(plan, events));
    expect(text.length / 60).toBeLessThan(32);
  });

  it('keeps each level apart and only the parts that its windows read', () => {
    const features: Features = [
      ...small,
      ['int64', { kind: 'count', windowMillis: 4 * 60 * minute, hopMillis: 15 * minute }],
    ];
    const plan = planOf(features);
    const state = compactState(
      plan,
      stateOf(plan, [payment(noon, { amount: 1 }), payment(noon + minute, { amount: 2 })]),
      noon + 60 * minute,
    );
    const text = packed(features, state);
    expect(text).toBe(`abcd0123[0,null,null,[[${noon / minute + 1},1,200,0,2,2]],[[${noon / minute / 15},1]]]`);
    expect(reread(features, text).state).toEqual(trimmed(state));
  });

  it('says that it was written under another layout', () => {
    const read = windowReader(viewOf(small), planOf(small));
    expect(read('ffff0000[0,null,null,[]]')).toEqual({ kind: 'unknownLayout', layout: 'ffff0000' });
  });

  it.each([
    '',
    '[',
    '[]',
    '{}',
    '[0,null]',
    '[0,null,null,7]',
    '[0,null,null,[7]]',
    '[0,null,null,[[1,1,1,1,1,1,1,1]]]',
  ])('fails when it cannot have been written: %s', (rest) => {
    const read = windowReader(viewOf(small), planOf(small));
    expect(() => read(`abcd0123${rest}`)).toThrow(expect.objectContaining({ code: 'codec.unreadableWindows' }));
  });
});

it('keeps values out of the error of windows that cannot be read: errors are logged', () => {
  const read = windowReader(viewOf(small), planOf(small));
  expect(() => read('abcd0123[0,null,null,"secret')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret'), cause: undefined }),
  );
});

describe('parts survive', () => {
  const features: Features = [
    ['int64', over('sum', 'items')],
    ['int64', over('max', 'items')],
    ['float64', over('stddev', 'items')],
    ['float64', over('min', 'price')],
    ['bytes', over('first', 'card')],
    ['string', over('last', 'shop')],
    ['list<int64>', over('lastN', 'items', { limit: 2 })],
    ['int64', over('distinct', 'shop', { exactUpTo: 3 })],
    ['float64', over('approxQuantile', 'amount', { quantile: 0.5, relativeError: 0.01 })],
  ];
  const plan = planOf(features);
  const paid = (at: number, items: bigint, index: number): StreamEvent =>
    payment(
      at,
      {
        items,
        price: items,
        card: Uint8Array.of(index, 255),
        shop: `s"${index}`,
        amount: index === 0 ? 0 : index - 3.3,
      },
      { shop: rankUnit * BigInt(index + 1) + BigInt(index) * 3n ** 34n },
    );

  it('numbers beyond 2^53, bytes, texts, times and hashes', () => {
    const values = [2n ** 62n, -(2n ** 53n) - 1n, 5n];
    const state = stateOf(
      plan,
      values.map((items, index) => paid(noon - index, items, index)),
    );
    expect(reread(features, packed(features, state)).state).toEqual(trimmed(state));
  });

  it.each([4, 200, 3000])('registers of %i values, few as pairs and many as a row', (count) => {
    const features: Features = [['int64', over('distinct', 'shop', { exactUpTo: 3 })]];
    const plan = planOf(features);
    const events = Array.from({ length: count }, (_, n) =>
      payment(noon, { shop: 'x' }, { shop: rankUnit * BigInt(1 + (n % 52)) + BigInt(n * 7919) }),
    );
    const state = stateOf(plan, events);
    const text = packed(features, state);
    expect(state.tiles[0]?.parts[0]).toHaveProperty('kind', 'registers');
    expect(text.length).toBeLessThan(1100);
    if (count === 4) expect(text.length).toBeLessThan(60);
    expect(reread(features, text).state).toEqual(trimmed(state));
  });

  it('that a value had no hash', () => {
    const state = stateOf(plan, [payment(noon, { shop: 'x' }, { shop: null })]);
    expect(reread(features, packed(features, state)).state).toEqual(trimmed(state));
  });

  it('events of exact views, with the truths of their filters', () => {
    const where = (shop: string) => ({ where: { op: 'eq', column: 'shop', value: shop } as const });
    const exactFeatures: Features = [
      ...features,
      ...['a', 'b', 'c', 's"1', 'd', 's"0'].map((shop): Features[number] => [
        'int64',
        { kind: 'count', ...hour, ...where(shop) },
      ]),
    ];
    const options = { exact: { maxEvents: 5 } };
    const exactPlan = planOf(exactFeatures, options);
    const events = [paid(noon, 5n, 1), paid(noon - 5, 2n ** 60n, 0), payment(noon), payment(noon, { shop: 'b' })];
    const state = stateOf(exactPlan, events);
    expect(state.events).toHaveLength(4);
    expect(reread(exactFeatures, packed(exactFeatures, state, options), options).state).toEqual(trimmed(state));
  });

  it('fails when an event has more or fewer values than are read of it', () => {
    const options = { exact: { maxEvents: 5 } };
    expect(() => reread(small, 'abcd0123[0,null,null,[5,1,2]]', options)).toThrow(
      expect.objectContaining({ code: 'codec.unreadableWindows' }),
    );
  });
});
