import { describe, expect, it } from 'vitest';
import { planServing } from '#engine/serve/plan.ts';
import { type OfflineView, type VerifyRow, verify } from '#engine/verify/verify.ts';
import type { Value } from '#spec/value-type.ts';
import { rowStates } from '#sql/training-set-sql.ts';
import { nowMillis, repository } from './shop.ts';

const plan = planServing(repository, { features: ['orders:order_count', 'orders:spend', 'orders:ratio'] });
const orders = (state: number, values: readonly Value[], marks: string | null = null): OfflineView => ({
  state,
  marks,
  values: { order_count: values[0] ?? null, spend: values[1] ?? null, ratio: values[2] ?? null },
});
const row = (offline: OfflineView, values: readonly Value[], status: readonly string[]): VerifyRow => ({
  entity: { customer_id: 1n },
  asOfMillis: nowMillis,
  offline: { 'orders@1': offline },
  request: {},
  served: { values, status },
});
const all = (status: string): string[] => Array(3).fill(status);
const countOf = (...rows: VerifyRow[]): number => verify(plan, rows).mismatchCount;

describe('verify', () => {
  it('finds nothing where values and statuses are equal, special floats and nulls too', () => {
    const values = [2n ** 60n, Number.NaN, -0];
    expect(countOf(row(orders(rowStates.present, values), [2n ** 60n, Number.NaN, 0], all('PRESENT')))).toBe(0);
    expect(countOf(row(orders(rowStates.present, [null, null, null]), [null, null, null], all('PRESENT')))).toBe(0);
  });

  it.each([
    ['a value', [6n, 1, 0.25], all('PRESENT')],
    ['the last digit of an int64', [9007199254740993n, 1, 0.25], all('PRESENT')],
    ['a null', [7n, null, 0.25], all('PRESENT')],
    ['a status', [7n, 1, 0.25], ['PRESENT', 'DEFAULT', 'PRESENT']],
    ['a value that was not answered', [7n, 1], ['PRESENT', 'PRESENT']],
  ])('tells of %s', (_, values, status) => {
    const first = values[0] === 9007199254740993n ? 9007199254740992n : 7n;
    expect(countOf(row(orders(rowStates.present, [first, 1, 0.25]), values, status))).toBe(1);
  });

  it('says which entity and feature, and both sides', () => {
    const report = verify(plan, [row(orders(rowStates.present, [7n, 1, 0.25]), [7n, 2, 0.25], all('PRESENT'))]);
    expect(report.mismatches).toEqual([
      {
        entity: { customer_id: 1n },
        feature: 'orders__spend',
        offline: { value: 1, status: 'PRESENT' },
        served: { value: 2, status: 'PRESENT' },
      },
    ]);
  });

  it('takes statuses from marks, states and tombstones', () => {
    expect(
      countOf(row(orders(rowStates.present, [0n, null, 1], 'de.'), [0n, null, 1], ['DEFAULT', 'ERROR', 'PRESENT'])),
    ).toBe(0);
    for (const state of [rowStates.missing, rowStates.deleted]) {
      expect(countOf(row(orders(state, [0n, null, 0.5]), [0n, null, 0.5], all('MISSING')))).toBe(0);
      expect(countOf(row(orders(state, [0n, null, 0.5]), [0n, null, 0.5], all('EXPIRED')))).toBe(3);
    }
  });

  it('accepts that an expired item has been dropped, but not that a present one has', () => {
    const values = [0n, null, 0.5];
    expect(countOf(row(orders(rowStates.expired, values), values, all('EXPIRED')))).toBe(0);
    expect(countOf(row(orders(rowStates.expired, values), values, all('MISSING')))).toBe(0);
    expect(countOf(row(orders(rowStates.expired, values), values, all('PRESENT')))).toBe(3);
    expect(countOf(row(orders(rowStates.present, values), values, all('MISSING')))).toBe(3);
    expect(countOf(row(orders(rowStates.present, values), values, all('ERROR')))).toBe(3);
  });

  it('computes on-demand features from the offline values, at the instant of the answer', () => {
    const onDemand = planServing(repository, { features: ['basket_features:share', 'basket_size:hour'] });
    const offline = orders(rowStates.present, [1n, 10, 0]);
    const request = { amount: 30, voucher: 1n, sizes: [] };
    const served = (share: Value) => ({
      values: [share, new Date(nowMillis).getUTCHours()],
      status: ['PRESENT', 'PRESENT'],
    });
    expect(verify(onDemand, [{ ...row(offline, [], []), request, served: served(3) }]).mismatchCount).toBe(0);
    expect(verify(onDemand, [{ ...row(offline, [], []), request, served: served(3.5) }]).mismatchCount).toBe(1);
    const failed = { values: [null, new Date(nowMillis).getUTCHours()], status: ['ERROR', 'PRESENT'] };
    const throwing = { ...request, amount: -1 };
    expect(verify(onDemand, [{ ...row(offline, [], []), request: throwing, served: failed }]).mismatchCount).toBe(0);
    expect(verify(onDemand, [{ ...row(offline, [], []), request, served: failed }]).mismatchCount).toBe(1);
  });

  it('counts statuses, and as proof only values that are present and no default', () => {
    const report = verify(plan, [
      row(orders(rowStates.present, [0n, 1, 0.5]), [0n, 1, 0.5], all('PRESENT')), // two equal their defaults
      row(orders(rowStates.missing, [0n, null, 0.5]), [0n, null, 0.5], all('MISSING')),
    ]);
    expect(report).toMatchObject({ entities: 2, checked: 6, statuses: { PRESENT: 3, MISSING: 3 } });
    expect(report.presentShare).toBeCloseTo(1 / 6);
    expect(verify(plan, []).presentShare).toBe(0);
  });

  it('lists the first hundred mismatches and counts all', () => {
    const wrong = Array.from({ length: 50 }, () =>
      row(orders(rowStates.present, [1n, 1, 1]), [2n, 2, 2], all('PRESENT')),
    );
    const report = verify(plan, wrong);
    expect([report.mismatchCount, report.mismatches.length]).toEqual([150, 100]);
  });
});
