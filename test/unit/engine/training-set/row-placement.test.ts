import { describe, expect, it } from 'vitest';
import type { Sample, Split } from '#engine/training-set/dataset-options.ts';
import { leftOut, placeRows } from '#engine/training-set/row-placement.ts';
import { entityOf } from '#test/support/manifests.ts';

const plane = entityOf('plane', [{ name: 'tail_num', type: 'string' }]);
const tails = Array.from({ length: 10_000 }, (_, number) => `N${number}`);

const place = (values: readonly (string | null)[], options: { split?: Split; sample?: Sample }): number[] =>
  placeRows(
    { times: values.map((_, row) => row), keys: new Map([['plane__tail_num', values]]) },
    { ...options, entities: [plane] },
  );
const count = (places: readonly number[], split: number): number => places.filter((place) => place === split).length;
const threeWays = (seed: number): Split => ({ kind: 'hash', shares: [0.8, 0.1, 0.1], by: 'plane', seed });

describe('placement of rows', () => {
  it('is the same for ever: golden values', () => {
    const some = tails.slice(0, 24);
    expect(place(some, { split: threeWays(0) }).join('')).toBe('020200000000010201000000');
    expect(place(some, { split: threeWays(7) }).join('')).toBe('000000000010102000201000');
    const kept = (places: readonly number[]): string => some.filter((_, row) => places[row] !== leftOut).join(' ');
    expect(kept(place(some, { sample: { share: 0.5, by: 'plane', seed: 0 } }))).toBe(
      'N1 N3 N11 N12 N14 N15 N16 N19 N20',
    );
    expect(kept(place(some, { sample: { share: 0.5, seed: 0 } }))).toBe(
      'N1 N2 N8 N9 N11 N13 N15 N17 N18 N19 N20 N21 N22',
    );
  });

  it('comes close to the shares, whatever the seed', () => {
    for (const seed of [0, 1, 2]) {
      const places = place(tails, { split: threeWays(seed) });
      expect(Math.abs(count(places, 0) - 8000)).toBeLessThan(160); // four standard deviations
      expect(Math.abs(count(places, 1) - 1000)).toBeLessThan(120);
    }
  });

  it('draws samples apart from splits: a sample has its share of every split', () => {
    const places = place(tails, { split: threeWays(0), sample: { share: 0.1, by: 'plane', seed: 0 } });
    const kept = places.filter((split) => split !== leftOut);
    expect(Math.abs(kept.length - 1000)).toBeLessThan(120);
    expect(Math.abs(count(kept, 1) / kept.length - 0.1)).toBeLessThan(0.05);
  });

  it('does not lump rows without an entity together', () => {
    const places = place(new Array<null>(10_000).fill(null), { split: threeWays(0) });
    expect(Math.abs(count(places, 0) - 8000)).toBeLessThan(160);
  });

  it('names the entities that there are', () => {
    const split: Split = { kind: 'hash', shares: [0.5, 0.5], by: 'plan', seed: 0 };
    expect(() => place(['N1'], { split })).toThrow(
      'split by plan: the features that are asked for are of plane; name one of these entities',
    );
  });
});
