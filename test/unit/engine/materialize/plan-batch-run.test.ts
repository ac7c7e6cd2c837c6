import { describe, expect, it } from 'vitest';
import { type BatchRunRequest, maximumChunkDays, planBatchRun } from '#engine/materialize/plan-batch-run.ts';
import { batchViewOf } from '../../../support/manifests.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const midnight = Date.UTC(2026, 0, 10);

const hourly = batchViewOf('hourly', [], {
  entity: 'driver',
  source: 'trips',
  scheduleMillis: hour,
  delayMillis: 10 * minute,
  recomputeTicks: 2,
});

/** Hours from midnight, for short: `[from, to]` of each interval of ticks. */
const hoursOf = (intervals: readonly { readonly fromMillis: number; readonly toMillis: number }[]) =>
  intervals.map(({ fromMillis, toMillis }) => [(fromMillis - midnight) / hour, (toMillis - midnight) / hour]);
const interval = (from: number, to: number) => ({ fromMillis: midnight + from * hour, toMillis: midnight + to * hour });
const plan = (request: Omit<BatchRunRequest, 'view'>) => planBatchRun({ view: hourly, ...request });

describe('the ticks of a run', () => {
  it('leaves a tick until tick + delay has come, to the millisecond', () => {
    const nowMillis = midnight + 5 * hour + 10 * minute;
    expect(hoursOf(plan({ covered: [], nowMillis: nowMillis - 1 }).ticks)).toEqual([[3, 4]]);
    expect(hoursOf(plan({ covered: [], nowMillis }).ticks)).toEqual([[4, 5]]);
  });

  it('leaves such a tick also where an interval asks for it', () => {
    const asked = { fromMillis: midnight, toMillis: midnight + 9 * hour };
    expect(hoursOf(plan({ covered: [], nowMillis: midnight + 5 * hour, ...asked }).ticks)).toEqual([[0, 4]]);
  });

  it('takes every tick that is missing since the earliest, and the last covered ones again', () => {
    const covered = [interval(1, 2), interval(4, 8)];
    const { ticks, tickCount } = plan({ covered, nowMillis: midnight + 11 * hour });
    // 3 and 4 are missing, 9 and 10 are new, 7 and 8 are recomputed; all lie on one day and so are one interval.
    expect(hoursOf(ticks)).toEqual([[2, 10]]);
    expect(tickCount).toBe(8);
  });

  it('does nothing when nothing is missing, whatever recompute says', () => {
    expect(plan({ covered: [interval(1, 5)], nowMillis: midnight + 5 * hour + 20 * minute }).chunks).toEqual([]);
  });

  it('computes an asked interval again, from exclusive, to inclusive', () => {
    const asked = { fromMillis: midnight + hour, toMillis: midnight + 3 * hour };
    const { ticks } = plan({ covered: [interval(0, 5)], nowMillis: midnight + 6 * hour, ...asked });
    expect(hoursOf(ticks)).toEqual([[1, 3]]);
  });

  it('refuses an interval that ends before it begins', () => {
    const asked = { fromMillis: midnight + hour, toMillis: midnight + hour };
    expect(() => plan({ covered: [], nowMillis: midnight + day, ...asked })).toThrow('must have from before to');
  });
});

describe('chunks', () => {
  it('hold whole UTC days, at most 90, and every tick once', () => {
    const asked = { fromMillis: midnight, toMillis: midnight + 200 * day };
    const { chunks, tickCount } = plan({ covered: [], nowMillis: midnight + 201 * day, ...asked });
    expect(chunks.map(({ fromMillis, toMillis }) => (toMillis - fromMillis) / hour).reduce((a, b) => a + b)).toBe(
      tickCount,
    );
    const days = chunks.map(({ fromMillis, toMillis }) => ({
      first: Math.floor((fromMillis + hour) / day),
      last: Math.floor(toMillis / day),
    }));
    expect(days.every(({ first, last }) => last - first < maximumChunkDays)).toBe(true);
    for (const [at, { first }] of days.slice(1).entries()) expect(first).toBeGreaterThan(days[at]?.last ?? first);
  });

  it('are refused beyond 100 in one run', () => {
    const asked = { fromMillis: midnight, toMillis: midnight + 101 * 91 * day };
    expect(() => plan({ covered: [], nowMillis: midnight + 10_000 * day, ...asked })).toThrow(
      'at most 100 are allowed',
    );
  });
});
