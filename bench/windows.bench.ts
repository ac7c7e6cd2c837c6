import { packWindows, windowReader } from '#codec/window-state.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, compactState, emptyState, type WindowState } from '#semantics/stream/window-state.ts';
import type { Formula } from '#spec/aggregation.ts';
import type { FeatureType } from '#spec/value-type.ts';
import { streamSourceOf, streamViewOf } from '#test/support/manifests.ts';
import { type BenchResult, percentile, sampleMillis } from './bench.ts';

/** Windows of a stream without any store: how much a state takes, and what one fold costs. */
const minute = 60_000;
const day = 1440 * minute;
const windows = [
  { windowMillis: 60 * minute, hopMillis: minute },
  { windowMillis: day, hopMillis: 15 * minute },
  { windowMillis: 7 * day, hopMillis: 180 * minute },
];
const features = windows.flatMap((window, index) => {
  const exact = { column: 'fare', scale: 2, ...window };
  const value = { column: 'fare', ...window };
  const formulas: readonly (readonly [string, FeatureType, Formula])[] = [
    ['count', 'int64', { kind: 'count', ...window }],
    ['sum', 'float64', { kind: 'sum', ...exact }],
    ['mean', 'float64', { kind: 'mean', ...exact }],
    ['min', 'float64', { kind: 'min', ...value }],
    ['max', 'float64', { kind: 'max', ...value }],
  ];
  return formulas.map(([name, type, formula]) => ({ name: `${name}_${index}`, type, formula }));
});
const view = streamViewOf('rides', features, { entity: 'driver', source: 'rides' });
const plan = planWindows(view, streamSourceOf('rides', [{ name: 'fare', type: 'float64' }], { eventTime: 'at' }));

/** An event every half minute, so that every tile of every window is there. */
const stepMillis = minute / 2;
const start = Date.UTC(2026, 0, 1);
const end = start + 8 * day;
const eventAt = (eventTimeMillis: number): StreamEvent => ({
  row: { fare: (((eventTimeMillis - start) / stepMillis) % 7919) / 4 },
  eventTimeMillis,
  arrivalMillis: eventTimeMillis,
  hashes: {},
});
const eventsUntil = (untilMillis: number, count: number): StreamEvent[] =>
  Array.from({ length: count }, (_, index) => eventAt(untilMillis - (count - 1 - index) * stepMillis));

function grown(): WindowState {
  let state = emptyState;
  for (let hour = start + 60 * minute; hour <= end; hour += 60 * minute)
    state = compactState(plan, addEvents(plan, state, eventsUntil(hour, 120)), hour);
  return state;
}

const pack = (state: WindowState): string =>
  packWindows(view, plan, { handOvers: 0, closedUntilMillis: null, lostUntilMillis: null, state });
const read = windowReader(view, plan);
const stateIn = (packed: string): WindowState => {
  const found = read(packed);
  return found.kind === 'windows' ? found.state : emptyState;
};

async function micros(action: () => unknown): Promise<number> {
  const millis = await sampleMillis(async () => action(), { warmUps: 500, samples: 1000 });
  return percentile(millis, 0.5) * 1000;
}

export async function run(): Promise<readonly BenchResult[]> {
  const full = grown();
  const text = pack(full);
  const small = pack(addEvents(plan, emptyState, eventsUntil(end, 20)));
  const next = [eventAt(end + stepMillis)];
  const many = eventsUntil(end + minute, 1000);
  const written = (packed: string): string => pack(compactState(plan, addEvents(plan, stateIn(packed), next), end));
  return [
    { name: 'windows.state.tiles', value: full.tiles.length, unit: 'tiles' },
    { name: 'windows.state.size', value: text.length, unit: 'B', budget: 7000 },
    { name: 'windows.state.tile', value: text.length / full.tiles.length, unit: 'B', budget: 34 },
    { name: 'windows.fold.1000', value: await micros(() => addEvents(plan, full, many)), unit: 'us', budget: 10_000 },
    { name: 'windows.write.small', value: await micros(() => written(small)), unit: 'us', budget: 500 },
    { name: 'windows.write.full', value: await micros(() => written(text)), unit: 'us', budget: 5000 },
    {
      name: 'windows.serve.full',
      value: await micros(() => finishWindows(plan, [stateIn(text)], end)),
      unit: 'us',
      budget: 3000,
    },
  ];
}
