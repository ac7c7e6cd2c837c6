import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import { isTooLate } from '#semantics/stream/interval.ts';
import { planWindows, type WindowPlan } from '#semantics/stream/window-plan.ts';
import {
  addEvents,
  compactState,
  emptyState,
  mergeStates,
  neededUntilMillis,
  type WindowState,
} from '#semantics/stream/window-state.ts';
import type { AggregatedFeature } from '#spec/manifest.ts';
import { propertySettings } from '../settings.ts';

/** Windows of a few milliseconds whose hops need not divide one another: every edge and every level is met. */
const windows = fc.uniqueArray(
  fc
    .integer({ min: 1, max: 24 })
    .chain((windowMillis) =>
      fc.record({ windowMillis: fc.constant(windowMillis), hopMillis: fc.integer({ min: 1, max: windowMillis }) }),
    ),
  { minLength: 1, maxLength: 4, selector: ({ windowMillis, hopMillis }) => `${windowMillis}/${hopMillis}` },
);
type Windows = readonly { readonly windowMillis: number; readonly hopMillis: number }[];

const events = fc.array(
  fc.record({ at: fc.integer({ min: -20, max: 40 }), late: fc.nat(30), x: fc.integer({ min: -3, max: 3 }) }),
  { maxLength: 10 },
);
type Event = { readonly at: number; readonly late: number; readonly x: number };

const described = { description: '', tags: {} };
const featuresOf = (of: Windows): AggregatedFeature[] =>
  of.flatMap((window, index) => [
    { name: `n${index}`, type: 'int64' as const, formula: { kind: 'count' as const, ...window }, ...described },
    // not every window reads every part
    ...(index % 2 === 0
      ? [
          {
            name: `max${index}`,
            type: 'int32' as const,
            formula: { kind: 'max' as const, column: 'x', ...window },
            ...described,
          },
        ]
      : []),
  ]);
const planOf = (of: Windows): WindowPlan =>
  planWindows({ features: featuresOf(of) }, { schema: [{ name: 'x', type: 'int32' }] });

const eventOf = ({ at, late, x }: Event): StreamEvent => ({
  row: { x },
  eventTimeMillis: at,
  arrivalMillis: at + late,
  hashes: {},
});

/** The rule itself, by looking at every event. */
const expected = (of: Windows, all: readonly Event[], t: number): unknown[] =>
  of.flatMap(({ windowMillis, hopMillis }, index) => {
    const tail = Math.floor((t - windowMillis) / hopMillis) * hopMillis;
    const held = all.filter(({ at, late }) => at > tail && at <= t && at + late <= t).map(({ x }) => x);
    return [BigInt(held.length), ...(index % 2 === 0 ? [held.length === 0 ? null : Math.max(...held)] : [])];
  });

const arrivedBy = (all: readonly Event[], t: number): Event[] => all.filter(({ at, late }) => at + late <= t);

it('any hops: tiles of all levels hold just what their windows read, whenever they are compacted', () => {
  const cases = fc.record({
    windows,
    events,
    t: fc.integer({ min: -5, max: 70 }),
    clocks: fc.array(fc.integer({ min: -30, max: 70 }), { maxLength: 4 }),
    batch: fc.integer({ min: 1, max: 5 }),
  });
  const levels = { coarse: 0, dropped: 0 };
  fc.assert(
    fc.property(cases, ({ windows: of, events: all, t, clocks, batch }) => {
      const plan = planOf(of);
      const arrived = arrivedBy(all, t);
      let state: WindowState = emptyState;
      for (let start = 0; start < arrived.length || start === 0; start += batch) {
        state = addEvents(plan, state, arrived.slice(start, start + batch).map(eventOf));
        const clock = clocks[start / batch];
        if (clock !== undefined) state = compactState(plan, state, Math.min(clock, t));
      }
      if (state.tiles.some(({ level }) => level > 0)) levels.coarse++;
      if (arrived.length > 0 && state.tiles.length === 0) levels.dropped++;
      expect(finishWindows(plan, [state], t).values).toEqual(expected(of, all, t));
    }),
    propertySettings(4000),
  );
  expect(Math.min(levels.coarse, levels.dropped)).toBeGreaterThan(process.env.TIDEMARK_CASES === undefined ? 40 : -1);
});

it('states of disjoint events merge in any order, and need no merge to finish', () => {
  const cases = fc.record({
    windows,
    events,
    cuts: fc.tuple(fc.nat(10), fc.nat(10)),
    t: fc.integer({ min: 0, max: 70 }),
  });
  fc.assert(
    fc.property(cases, ({ windows: of, events: all, cuts, t }) => {
      const plan = planOf(of);
      const arrived = arrivedBy(all, t).map(eventOf);
      const [from, to] = [Math.min(...cuts), Math.max(...cuts)];
      const [a, b, c] = [arrived.slice(0, from), arrived.slice(from, to), arrived.slice(to)].map((part, index) =>
        compactState(plan, addEvents(plan, emptyState, part), t - index * 7),
      ) as [WindowState, WindowState, WindowState]; // three slices
      const merge = (left: WindowState, right: WindowState): WindowState => mergeStates(plan, left, right);
      const ways = [
        [merge(merge(a, b), c)],
        [merge(a, merge(b, c))],
        [merge(merge(c, a), b)],
        [a, b, c],
        [merge(c, b), a],
      ];
      for (const states of ways) expect(finishWindows(plan, states, t).values).toEqual(expected(of, all, t));
      expect(merge(a, emptyState)).toEqual(a);
    }),
    propertySettings(1500),
  );
});

it('nothing is needed of a state from neededUntilMillis on, and something just before', () => {
  fc.assert(
    fc.property(windows, events, (of, all) => {
      const plan = planOf(of);
      const state = addEvents(plan, emptyState, all.map(eventOf));
      const untilMillis = neededUntilMillis(plan, state);
      expect(compactState(plan, state, untilMillis).tiles).toEqual([]);
      if (untilMillis > 0) expect(compactState(plan, state, untilMillis - 1).tiles).not.toEqual([]);
    }),
    propertySettings(1000),
  );
});

it('an event that came too late counts at no instant, any other at some', () => {
  fc.assert(
    fc.property(windows, events, (of, all) => {
      const plan = planOf(of);
      for (const one of all) {
        const instants = Array.from({ length: 60 }, (_, index) => one.at + one.late + index);
        const counts = instants.some((t) => expected(of, [one], t).some((value) => value === 1n));
        expect(isTooLate(plan, eventOf(one))).toBe(!counts);
      }
    }),
    propertySettings(300),
  );
});
