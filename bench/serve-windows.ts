import { valueHash } from '#codec/value-hash.ts';
import { packWindows } from '#codec/window-state.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, compactState, emptyState } from '#semantics/stream/window-state.ts';
import type { Aggregation, ColumnAggregation, Formula } from '#spec/aggregation.ts';
import type { AggregatedFeature, StreamSource, StreamView } from '#spec/manifest.ts';
import type { FeatureType } from '#spec/value-type.ts';

/** A stream view of 50 features over three windows, and states of it. */
const described = { description: 'bench', owner: 'bench', tags: {} };
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export const source: StreamSource = {
  kind: 'stream',
  name: 'pings',
  schema: [
    { name: 'driver_id', type: 'int64' },
    { name: 'at', type: 'timestamp' },
    { name: 'fare', type: 'float64' },
    { name: 'tip', type: 'float64' },
    { name: 'distance', type: 'float64' },
    { name: 'seats', type: 'int64' },
    { name: 'zone', type: 'string' },
  ],
  eventTime: 'at',
  allowedSkewMillis: minute,
  partitionBy: ['driver_id'],
  entities: ['driver'],
  hashed: ['zone'],
  ...described,
};

/** The hops that definitions get by default. */
const windows = [
  { windowMillis: hour, hopMillis: minute },
  { windowMillis: day, hopMillis: 15 * minute },
  { windowMillis: 7 * day, hopMillis: 3 * hour },
];
type Windowed = (typeof windows)[number];

const over =
  (kind: ColumnAggregation['kind'], column: string, options: Partial<ColumnAggregation> = {}) =>
  (window: Windowed): Aggregation => ({ kind, column, ...window, ...options });
const isFloat = { scale: 6 };

/** 17 per window; all windows share their parts. */
const aggregates: readonly (readonly [string, FeatureType, (window: Windowed) => Formula])[] = [
  ['trips', 'int64', (window) => ({ kind: 'count', ...window })],
  ['fare_sum', 'float64', over('sum', 'fare', isFloat)],
  ['fare_mean', 'float64', over('mean', 'fare', isFloat)],
  ['fare_max', 'float64', over('max', 'fare')],
  ['fare_last', 'float64', over('last', 'fare')],
  ['fare_stddev', 'float64', over('stddev', 'fare', isFloat)],
  ['tip_sum', 'float64', over('sum', 'tip', isFloat)],
  ['tip_mean', 'float64', over('mean', 'tip', isFloat)],
  ['tip_max', 'float64', over('max', 'tip')],
  ['distance_sum', 'float64', over('sum', 'distance', isFloat)],
  ['distance_mean', 'float64', over('mean', 'distance', isFloat)],
  ['distance_min', 'float64', over('min', 'distance')],
  ['distance_max', 'float64', over('max', 'distance')],
  ['seats_sum', 'int64', over('sum', 'seats')],
  ['seats_max', 'int64', over('max', 'seats')],
  ['zones', 'int64', over('distinct', 'zone', { exactUpTo: 64 })],
  [
    'tip_share',
    'float64',
    (window) => ({
      kind: 'ratio',
      numerator: over('sum', 'tip', isFloat)(window),
      denominator: over('sum', 'fare', isFloat)(window),
    }),
  ],
];

const features = windows.flatMap((window) =>
  aggregates.map(
    ([name, type, formula]): AggregatedFeature => ({
      name: `${name}_${window.windowMillis / hour}h`,
      type,
      formula: formula(window),
      ...described,
    }),
  ),
);

export const view: StreamView = {
  kind: 'stream',
  name: 'driver_live',
  version: 1,
  definitionHash: '3'.repeat(64),
  ...described,
  entity: 'driver',
  source: source.name,
  online: true,
  layout: '33333333',
  features: features.slice(0, 50),
};

/** Between two events of an entity: `dense` leaves no tile of any window empty. */
export const everyMillis = { dense: minute, usual: 30 * minute } as const;
const historyMillis = 8 * day;
/** What the first item holds: about 1 KB of tiles are handed over. */
const headMillis = 5 * minute;
const slackMillis = minute;

export interface StateOptions {
  readonly id: number;
  readonly nowMillis: number;
  readonly everyMillis: number;
}

/** Texts of both items of an entity with an event every so often for eight days; values have as many digits as measured ones. */
export function statePair({ id, nowMillis, everyMillis }: StateOptions): {
  readonly head: string;
  readonly closed: string;
} {
  const plan = planWindows(view, source);
  const eventAt = (eventTimeMillis: number) => {
    const at = eventTimeMillis / everyMillis;
    const row = {
      driver_id: BigInt(id),
      at: eventTimeMillis,
      fare: 5 + 40 * Math.abs(Math.sin(id + at)),
      tip: 3 * Math.abs(Math.cos(id * 7 + at)),
      distance: 1 + 20 * Math.abs(Math.sin(id * 3 + at * 0.7)),
      seats: BigInt(1 + ((id + at) % 4)),
      zone: `zone ${(id * 13 + at) % 12}`,
    };
    return { row, eventTimeMillis, arrivalMillis: eventTimeMillis, hashes: { zone: valueHash('string', row.zone) } };
  };
  const newestMillis = Math.floor(nowMillis / everyMillis) * everyMillis;
  const count = historyMillis / everyMillis;
  const events = Array.from({ length: count }, (_, index) => eventAt(newestMillis - index * everyMillis));
  const packed = (some: typeof events, closedUntilMillis: number | null): string => {
    const state = compactState(plan, addEvents(plan, emptyState, some), nowMillis - slackMillis);
    return packWindows(view, plan, { handOvers: 1, closedUntilMillis, lostUntilMillis: null, state });
  };
  const isRecent = ({ eventTimeMillis }: { eventTimeMillis: number }): boolean =>
    eventTimeMillis > nowMillis - headMillis;
  return {
    head: packed(events.filter(isRecent), nowMillis + historyMillis),
    closed: packed(
      events.filter((event) => !isRecent(event)),
      null,
    ),
  };
}
