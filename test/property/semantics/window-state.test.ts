import { describe, expect, it } from 'vitest';
import { packWindows, windowReader } from '#codec/window-state.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import { isTooLate } from '#semantics/stream/interval.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, compactState, emptyState, mergeStates, type WindowState } from '#semantics/stream/window-state.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { countedEvents, streamFeatureAt } from '../../oracle/stream-view.ts';
import { instantsOf, oracleStreams, recordsOf, type StreamViewCase, streamViewCases } from '../stream-world.ts';
import { acceptedEvents } from '../stream-world-events.ts';

const { seed, cases, again } = randomSettings(150);

/** An item's life: events in some order and batches, compacted by clocks that are not ahead of the reader, some states merged, stored. */
function lived(
  one: StreamViewCase,
  random: Random,
  { events, atMillis }: { readonly events: readonly StreamEvent[]; readonly atMillis: number },
): WindowState[] {
  const plan = planWindows(one.view, one.source);
  const read = windowReader(one.view, plan);
  const states: WindowState[] = [emptyState, emptyState];
  const left = shuffled(random, events);
  while (left.length > 0) {
    const at = random.integer(0, states.length - 1);
    const batch = left.splice(0, random.integer(1, 3)).filter((event) => !isTooLate(plan, event));
    let state = addEvents(plan, states[at] ?? emptyState, batch);
    if (random.chance(0.5)) state = compactState(plan, state, atMillis - random.pick([0, 1, 60_000, 3_600_000, 9e9]));
    if (random.chance(0.5)) state = stored(one, state);
    states[at] = state;
  }
  if (random.chance(0.5)) return states;
  const [a = emptyState, b = emptyState] = states;
  const merged = random.chance(0.5) ? mergeStates(plan, a, b) : mergeStates(plan, b, a);
  return [random.chance(0.5) ? compactState(plan, merged, atMillis) : merged];

  function stored({ view }: StreamViewCase, state: WindowState): WindowState {
    const packed = packWindows(view, plan, { handOvers: 0, closedUntilMillis: null, lostUntilMillis: null, state });
    const windows = read(packed);
    if (windows.kind !== 'windows') throw new Error('another layout');
    return windows.state;
  }
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.integer(0, left.length - 1), 1));
}

describe(`windows of random logs (${again})`, () => {
  it.each(streamViewCases)('$view.name: equal the oracle whatever the order, batches, clocks and merges', (one) => {
    const random = new Random(seed);
    const coverage = new Coverage();
    const plan = planWindows(one.view, one.source);
    const limit = one.maxEvents === undefined ? {} : { maxEvents: one.maxEvents };
    for (let caseId = 0; caseId < cases; caseId++) {
      const records = recordsOf(random, caseId, one.sourceName);
      const accepted = acceptedEvents(records, one.source);
      const counted = countedEvents(records, oracleStreams[one.sourceName]);
      for (const t of instantsOf(random, records, one)) {
        for (const key of new Set(records.map((record) => record.key))) {
          const events = accepted.filter((event) => event.key === key && event.arrivalMillis <= t);
          const own = counted.filter((event) => event.key === key);
          const states = lived(one, random, { events, atMillis: t });
          const actual = finishWindows(plan, states, t);
          const expected = one.features.map((feature) => streamFeatureAt(own, feature, { t, ...limit }));
          const marks = expected.map(({ mark }) => mark).join('');
          expect({ caseId, t, values: actual.values, marks: actual.marks ?? '.'.repeat(marks.length) }).toStrictEqual({
            caseId,
            t,
            values: expected.map(({ value }) => value),
            marks,
          });
          coverage.case({
            tiles: states.some(({ tiles }) => tiles.length > 0) || one.maxEvents !== undefined,
            'coarse tiles':
              states.some(({ tiles }) => tiles.some(({ level }) => level > 0)) || one.maxEvents !== undefined,
            present: marks.includes('.'),
            'not representable': marks.includes('e'),
            'several events': events.length > 2,
          });
        }
      }
    }
    expect(coverage.thin).toEqual([]);
  });
});
