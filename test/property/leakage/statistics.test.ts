import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decidesClass,
  explainedShare,
  explainedVariance,
  type Moments,
  noMoments,
  withNumber,
} from '#engine/leakage/category-statistics.ts';
import { areaUnderCurve, averageRanks, correlation, rankCorrelation } from '#engine/leakage/rank-statistics.ts';
import { propertySettings } from '../settings.ts';

const number = fc.integer({ min: -20, max: 20 });
const pairs = fc.array(fc.tuple(number, number), { minLength: 2, maxLength: 60 });
const labelled = fc.array(fc.tuple(number, fc.boolean()), { minLength: 1, maxLength: 60 });

describe('statistics of leakage', () => {
  it('area under the curve is the share of pairs in order, ties half', () => {
    fc.assert(
      fc.property(labelled, (rows) => {
        const positives = rows.filter(([, isPositive]) => isPositive);
        const negatives = rows.filter(([, isPositive]) => !isPositive);
        const won = positives.flatMap(([a]) => negatives.map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const area = areaUnderCurve(
          rows.map(([value]) => value),
          rows.map(([, isPositive]) => isPositive),
        );
        if (won.length === 0) expect(area).toBeUndefined();
        else expect(area).toBeCloseTo(won.reduce((sum: number, points) => sum + points, 0) / won.length, 9);
      }),
      propertySettings(200),
    );
  });

  it('ranks are the number of smaller values, and half the equal ones', () => {
    fc.assert(
      fc.property(fc.array(number), (values) => {
        const expected = values.map((value) => {
          const [less, equal] = [values.filter((other) => other < value), values.filter((other) => other === value)];
          return less.length + (equal.length + 1) / 2;
        });
        expect([...averageRanks(values)]).toEqual(expected);
      }),
      propertySettings(200),
    );
  });

  it('correlation stays in [-1, 1], is symmetric, and turns its sign with one side', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const [a, b] = [rows.map(([x]) => x), rows.map(([, y]) => y)];
        const found = correlation(a, b);
        expect(correlation(b, a)).toBe(found);
        if (found === undefined) {
          expect(new Set(a).size === 1 || new Set(b).size === 1).toBe(true);
          return;
        }
        expect(Math.abs(found)).toBeLessThanOrEqual(1);
        const negated = correlation(
          a.map((x) => -x),
          b,
        );
        expect(negated).toBeCloseTo(-found, 9);
      }),
      propertySettings(200),
    );
  });

  it('rank correlation of any rising relation is 1', () => {
    fc.assert(
      fc.property(fc.uniqueArray(number, { minLength: 2 }), (values) => {
        expect(
          rankCorrelation(
            values,
            values.map((value) => value ** 3 + value),
          ),
        ).toBeCloseTo(1, 12);
      }),
      propertySettings(100),
    );
  });

  it('a category explains all of a label exactly where it decides it', () => {
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((classes) =>
        fc.array(fc.array(fc.nat(30), { minLength: classes, maxLength: classes }), { minLength: 1, maxLength: 8 }),
      );
    fc.assert(
      fc.property(table, (counts) => {
        const share = explainedShare(counts);
        const filled = counts[0]?.map((_, at) => counts.some((row) => (row[at] ?? 0) > 0)) ?? [];
        if (filled.filter(Boolean).length < 2) {
          expect(share).toBeUndefined();
          return;
        }
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        if (decidesClass(counts)) expect(share).toBeCloseTo(1, 9);
      }),
      propertySettings(200),
    );
  });

  it('explained variance of groups is that of the formula, whatever the offset', () => {
    const groups = fc.array(fc.array(number, { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(groups, fc.constantFrom(0, 1e9), (values, offset) => {
        const moments = values.map((group) =>
          group.reduce<Moments>((sum, value) => withNumber(sum, value + offset), noMoments),
        );
        const all = values.flat();
        const mean = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
        const squares = (of: readonly number[]): number => of.reduce((sum, value) => sum + (value - mean(of)) ** 2, 0);
        const within = values.reduce((sum, group) => sum + squares(group), 0);
        const found = explainedVariance(moments);
        if (new Set(all).size === 1 || all.length === values.length) {
          expect(found ?? 0).toBeCloseTo(0, 6);
          return;
        }
        const expected = 1 - within / (all.length - values.length) / (squares(all) / (all.length - 1));
        expect(found).toBeCloseTo(Math.max(0, expected), 5);
      }),
      propertySettings(200),
    );
  });
});
