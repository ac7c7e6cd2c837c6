import { describe, expect, it } from 'vitest';
import { acceptTime } from '#semantics/stream/acceptance.ts';
import { countsFromMillis, countsUntilMillis, isTooLate, tileEnd } from '#semantics/stream/interval.ts';

describe('acceptance', () => {
  const source = { allowedSkewMillis: 1000 };
  const deduplicating = { ...source, deduplicateBy: { field: 'id', withinMillis: 5000 } };
  const arrivalMillis = 100_000;

  it.each([
    ['after the event keeps its time', 99_000, 99_000],
    ['at the same instant keeps its time', 100_000, 100_000],
    ['a millisecond before the event moves it to the arrival', 100_001, 100_000],
    ['just by the skew before the event moves it to the arrival', 101_000, 100_000],
    ['long after the event keeps its time', -5, -5],
  ])('an arrival %s', (_what, eventTimeMillis, expected) => {
    expect(acceptTime({ eventTimeMillis, arrivalMillis }, source)).toEqual({
      kind: 'accepted',
      eventTimeMillis: expected,
    });
  });

  it('refuses an event that is further ahead than the skew by a millisecond', () => {
    const refused = { kind: 'refused', reason: 'tooFarAhead' };
    expect(acceptTime({ eventTimeMillis: 101_001, arrivalMillis }, source)).toEqual(refused);
    expect(acceptTime({ eventTimeMillis: 101_001, arrivalMillis }, deduplicating)).toEqual(refused);
  });

  it('refuses copies that could not be told any more, from the first millisecond after `within`', () => {
    expect(acceptTime({ eventTimeMillis: 95_000, arrivalMillis }, deduplicating).kind).toBe('accepted');
    expect(acceptTime({ eventTimeMillis: 94_999, arrivalMillis }, deduplicating)).toEqual({
      kind: 'refused',
      reason: 'afterDeduplication',
    });
  });
});

describe('intervals', () => {
  const window = { windowMillis: 60, hopMillis: 10 };
  it.each([
    [100, 160],
    [101, 170],
    [99, 160],
    [91, 160],
    [90, 150],
    [0, 60],
    [-1, 60],
    [-10, 50],
    [-9, 60],
  ])('an event at %i leaves at %i: a hop is cut after its end', (eventTimeMillis, untilMillis) => {
    expect(countsUntilMillis(eventTimeMillis, window)).toBe(untilMillis);
  });

  it('without hop an event leaves when it is exactly as old as the window', () => {
    expect(countsUntilMillis(7, { windowMillis: 60, hopMillis: 1 })).toBe(67);
  });

  it('an event counts from its arrival, or from its time where that is later', () => {
    expect(countsFromMillis({ eventTimeMillis: 5, arrivalMillis: 9 })).toBe(9);
    expect(countsFromMillis({ eventTimeMillis: 9, arrivalMillis: 9 })).toBe(9);
  });

  it('a tile holds its end and not the end of the one before', () => {
    expect([-10, -9, 0, 1, 9, 10, 11].map((millis) => tileEnd(millis, 10))).toEqual([-10, 0, 0, 10, 10, 10, 20]);
    expect(Object.is(tileEnd(-3, 10), 0)).toBe(true);
  });

  it('an event is too late once it arrives when its longest stay is over', () => {
    const plan = { windows: [{ windowMillis: 20, hopMillis: 20 }, window] };
    expect(isTooLate(plan, { eventTimeMillis: 95, arrivalMillis: 159 })).toBe(false);
    expect(isTooLate(plan, { eventTimeMillis: 95, arrivalMillis: 160 })).toBe(true);
  });
});
