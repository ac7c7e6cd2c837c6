import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample, Split } from '#engine/training-set/dataset-options.ts';
import { leftOut, placeRows } from '#engine/training-set/row-placement.ts';
import type { Value } from '#spec/value-type.ts';
import { drawn, type OracleLabel, splitOfShares, splitOfTime } from '#test/oracle/dataset-split.ts';
import { entityOf } from '#test/support/manifests.ts';
import { propertySettings } from '../settings.ts';

const entities = [
  entityOf('plane', [{ name: 'tail', type: 'string' }]),
  entityOf('zone', [
    { name: 'city', type: 'string' },
    { name: 'number', type: 'int64' },
  ]),
];

interface Label {
  readonly millis: number;
  readonly tail: string | null;
  readonly city: string | null;
  readonly number: bigint | null;
}

// few of each, so that entities repeat and times tie, also exactly at the cuts
const cuts = [1000, 2000];
const label: fc.Arbitrary<Label> = fc.record({
  millis: fc.oneof(fc.constantFrom(999, 1000, 1001, 1999, 2000), fc.integer({ min: 0, max: 3000 })),
  tail: fc.option(fc.oneof(fc.constantFrom('N1', 'N2', '"', 'ö', ''), fc.string())),
  city: fc.option(fc.constantFrom('a', 'b')),
  number: fc.option(fc.bigInt({ min: 2n ** 53n, max: 2n ** 53n + 3n })),
});
const labels = fc.array(label, { maxLength: 40 });
const by = fc.constantFrom<string>('plane', 'zone');
const seed = fc.nat();
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const shares = fc.constantFrom<number[]>([0.8, 0.1, 0.1], [0.5, 0.5], [1 / 3, 1 / 3, 1 / 3], [0.7, 0.3]);

const place = (rows: readonly Label[], options: { split?: Split; sample?: Sample }): number[] =>
  placeRows(
    {
      times: rows.map(({ millis }) => millis),
      keys: new Map<string, readonly Value[]>([
        ['plane__tail', rows.map(({ tail }) => tail)],
        ['zone__city', rows.map(({ city }) => city)],
        ['zone__number', rows.map(({ number }) => number)],
      ]),
    },
    { ...options, entities },
  );
const oracleLabel = ({ millis, tail, city, number }: Label): OracleLabel => ({
  timeMillis: millis,
  keys: { plane: [tail], zone: [city, number === null ? null : String(number)] },
});

describe('placeRows', () => {
  it('puts no row that is at a cut or later into train, and no row of another split before its cut', () => {
    fc.assert(
      fc.property(labels, fc.constantFrom(cuts, cuts.slice(0, 1)), (rows, cutsMillis) => {
        const places = place(rows, { split: { kind: 'time', cutsMillis } });
        for (const [row, { millis }] of rows.entries()) {
          const split = places[row] ?? -1;
          expect(split).toBe(splitOfTime(millis, cutsMillis));
          if (split === 0) expect(millis).toBeLessThan(1000);
          else expect(millis).toBeGreaterThanOrEqual(cutsMillis[split - 1] ?? Number.NaN);
        }
      }),
      propertySettings(300),
    );
  });

  it('draws as the oracle: by entity, and by the row itself where a key is null', () => {
    fc.assert(
      fc.property(labels, fc.record({ kind: fc.constant('hash' as const), shares, by, seed }), (rows, split) => {
        expect(place(rows, { split })).toEqual(
          rows.map((row) => splitOfShares(drawn(oracleLabel(row), { purpose: 'split', ...split }), split.shares)),
        );
      }),
      propertySettings(300),
    );
  });

  it('samples as the oracle, by entity or by row', () => {
    const sample = fc.record({ share: fc.constantFrom(0.1, 0.5), seed, by: fc.option(by, { nil: undefined }) });
    fc.assert(
      fc.property(labels, sample, (rows, drawnBy) => {
        const kept = place(rows, { sample: drawnBy }).map((split) => split !== leftOut);
        expect(kept).toEqual(
          rows.map((row) => drawn(oracleLabel(row), { purpose: 'sample', ...drawnBy }) < drawnBy.share),
        );
      }),
      propertySettings(300),
    );
  });

  it('depends on nothing but the row: neither on the order nor on the other rows', () => {
    fc.assert(
      fc.property(labels, by, seed, (rows, entity, own) => {
        const options = {
          split: { kind: 'hash' as const, shares: [0.5, 0.5], by: entity, seed: own },
          sample: { share: 0.5, by: entity, seed: own },
        };
        const places = place(rows, options);
        expect(place([...rows].reverse(), options)).toEqual([...places].reverse());
        expect(rows.map((row) => place([row], options)[0])).toEqual(places);
      }),
      propertySettings(100),
    );
  });

  it('keeps in a greater sample of the same seed all that a smaller one has', () => {
    fc.assert(
      fc.property(labels, seed, fc.tuple(share, share), (rows, own, two) => {
        const [small = 0, great = 0] = [...two].sort((a, b) => a - b);
        const [few, more] = [small, great].map((share) => place(rows, { sample: { share, seed: own } }));
        for (const [row, split] of (few ?? []).entries()) if (split !== leftOut) expect(more?.[row]).not.toBe(leftOut);
      }),
      propertySettings(200),
    );
  });
});
