import { describe, expect, it } from 'vitest';
import { intersectionOf, unionOf, without } from '#engine/materialize/intervals.ts';
import { maximumChunkDays, planBatchRun } from '#engine/materialize/plan-batch-run.ts';
import type { BatchView } from '#spec/manifest.ts';
import { batchViewOf } from '#test/support/manifests.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const at = (text: string): number => Date.parse(`${text}Z`);
const midnight = at('2024-03-02T00:00');

const viewOf = (options: Partial<BatchView> = {}): BatchView =>
  batchViewOf('stats', [{ name: 'n', type: 'int64', formula: { kind: 'count', windowMillis: hour } }], {
    entity: 'driver',
    source: 'trips',
    scheduleMillis: hour,
    delayMillis: 10 * minute,
    ...options,
  });
const between = (fromMillis: number, toMillis: number) => ({ fromMillis, toMillis });

describe('ticks of a run', () => {
  it('computes the newest tick alone when nothing is covered yet', () => {
    const { ticks, tickCount } = planBatchRun({ view: viewOf(), covered: [], nowMillis: midnight + 10 * minute });
    expect(ticks).toEqual([between(midnight - hour, midnight)]);
    expect(tickCount).toBe(1);
  });

  it('leaves a tick whose delay has not passed yet, to the millisecond', () => {
    const covered = [between(midnight - 3 * hour, midnight - hour)];
    const early = planBatchRun({ view: viewOf(), covered, nowMillis: midnight + 10 * minute - 1 });
    expect(early).toEqual({ ticks: [], tickCount: 0, chunks: [] });
    expect(planBatchRun({ view: viewOf(), covered, nowMillis: midnight + 10 * minute }).ticks).toEqual([
      between(midnight - hour, midnight),
    ]);
  });

  it('fills the holes since the earliest covered tick', () => {
    const covered = [between(midnight - 90 * hour, midnight - 80 * hour), between(midnight - 40 * hour, midnight)];
    expect(planBatchRun({ view: viewOf(), covered, nowMillis: midnight + 70 * minute }).ticks).toEqual([
      between(midnight - 80 * hour, midnight - 40 * hour),
      between(midnight, midnight + hour),
    ]);
  });

  it('computes the last covered ticks again besides new ones, and never without new ones', () => {
    const view = viewOf({ recomputeTicks: 3 });
    const covered = [between(midnight - 2 * hour, midnight)];
    expect(planBatchRun({ view, covered, nowMillis: midnight + 70 * minute }).ticks).toEqual([
      between(midnight - 2 * hour, midnight + hour),
    ]);
    expect(planBatchRun({ view, covered, nowMillis: midnight + 20 * minute }).ticks).toEqual([]);
  });

  it('computes every tick of an interval that is asked for, covered or not: after from, up to and with to', () => {
    const covered = [between(midnight - 9 * hour, midnight)];
    const request = { view: viewOf(), covered, nowMillis: midnight + 5 * hour };
    const from = midnight - 5 * hour;
    expect(planBatchRun({ ...request, fromMillis: from, toMillis: from + 2 * hour }).ticks).toEqual([
      between(from, from + 2 * hour),
    ]);
    expect(planBatchRun({ ...request, fromMillis: from - 1, toMillis: from }).ticks).toEqual([
      between(from - hour, from),
    ]);
    expect(planBatchRun({ ...request, fromMillis: from, toMillis: from + 1 }).ticks).toEqual([]);
  });

  it('never goes beyond the newest tick that is due, whatever is asked for', () => {
    const request = { view: viewOf(), covered: [], nowMillis: midnight + 20 * minute };
    expect(planBatchRun({ ...request, fromMillis: midnight - hour, toMillis: midnight + 9 * day }).ticks).toEqual([
      between(midnight - hour, midnight),
    ]);
    expect(planBatchRun({ ...request, fromMillis: midnight, toMillis: midnight + day }).ticks).toEqual([]);
  });

  it('fails when from is not before to', () => {
    const request = { view: viewOf(), covered: [], nowMillis: midnight };
    expect(() => planBatchRun({ ...request, fromMillis: 5, toMillis: 5 })).toThrow(
      /^interval of stats@1 must have from before to, got from 1970-01-01T00:00:00.005Z to 1970-01-01T00:00:00.005Z/,
    );
  });

  it('computes the ticks between two holes of one day again, since a day is one partition', () => {
    const covered = [
      between(midnight - 9 * hour, midnight + hour),
      between(midnight + 2 * hour, midnight + 5 * hour),
      between(midnight + 6 * hour, midnight + 9 * hour),
    ];
    const { ticks, chunks } = planBatchRun({ view: viewOf(), covered, nowMillis: midnight + 9 * hour + 10 * minute });
    expect(ticks).toEqual([between(midnight + hour, midnight + 6 * hour)]);
    expect(chunks).toHaveLength(1);
  });
});

describe('chunks', () => {
  const daysOf = (
    scheduleMillis: number,
    { fromMillis, toMillis }: { fromMillis: number; toMillis: number },
  ): number[] => {
    const days = new Set<number>();
    for (let tick = fromMillis + scheduleMillis; tick <= toMillis; tick += scheduleMillis)
      days.add(Math.floor(tick / day));
    return [...days];
  };

  it.each([
    ['hourly over a year', hour, 365 * day],
    ['every 10 minutes over 100 days', 10 * minute, 100 * day],
    ['every second over 2 days', 1000, 2 * day],
    ['every 7 hours over 200 days', 7 * hour, 200 * day],
    ['weekly over 5 years', 7 * day, 5 * 365 * day],
  ])('%s: no day is in two chunks, every tick is in one, limits hold', (_, scheduleMillis, length) => {
    const view = viewOf({ scheduleMillis, delayMillis: 0 });
    const fromMillis = Math.floor((midnight - length) / scheduleMillis) * scheduleMillis;
    const { ticks, tickCount, chunks } = planBatchRun({ view, covered: [], nowMillis: midnight, fromMillis });
    expect(unionOf(chunks.map(({ fromMillis: from, toMillis }) => between(from, toMillis)))).toEqual(ticks);
    const days = chunks.map((chunk) => daysOf(scheduleMillis, chunk));
    expect(new Set(days.flat()).size).toBe(days.flat().length);
    expect(Math.max(...days.map(({ length: count }) => count))).toBeLessThanOrEqual(maximumChunkDays);
    const counts = chunks.map((chunk) => (chunk.toMillis - chunk.fromMillis) / scheduleMillis);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(tickCount);
    // A day is never cut, even where it has more ticks than a chunk may have.
    expect(Math.max(...counts)).toBeLessThanOrEqual(Math.max(10_000, day / scheduleMillis));
    expect(chunks.map(({ number }) => number)).toEqual(chunks.map((_chunk, index) => index));
  });

  it('puts the tick at midnight with the day that it begins', () => {
    const view = viewOf({ scheduleMillis: 6 * hour, delayMillis: 0 });
    const request = { view, covered: [], nowMillis: midnight + 180 * day, fromMillis: midnight - 6 * hour };
    const [first, second] = planBatchRun(request).chunks;
    expect(first?.toMillis).toBe(midnight + 90 * day - 6 * hour);
    expect(second?.fromMillis).toBe(first?.toMillis);
  });

  it('fails when an interval needs more statements than a run may have', () => {
    const view = viewOf({ scheduleMillis: minute });
    expect(() => planBatchRun({ view, covered: [], nowMillis: midnight, fromMillis: midnight - 1500 * day })).toThrow(
      /statements would be needed .* at most 100 are allowed in one run; materialize a shorter interval first/,
    );
  });
});

describe('intervals', () => {
  it('joins touching ones, cuts holes and drops what is empty', () => {
    expect(unionOf([between(5, 7), between(1, 3)], [between(3, 4), between(9, 9)])).toEqual([
      between(1, 4),
      between(5, 7),
    ]);
    expect(without([between(0, 10)], [between(2, 3), between(5, 12)])).toEqual([between(0, 2), between(3, 5)]);
    expect(without([between(0, 10)], [between(-1, 11)])).toEqual([]);
    expect(intersectionOf([between(0, 5), between(7, 9)], [between(4, 8)])).toEqual([between(4, 5), between(7, 8)]);
  });
});
