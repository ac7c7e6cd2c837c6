import type { OracleFeature, OracleFormula } from './aggregates.ts';
import {
  type CountedEvent,
  countedEvents,
  type OracleMode,
  type OracleRecord,
  type OracleStream,
  streamFeatureAt,
} from './stream-view.ts';
import type { OracleValue } from './values.ts';

/** The live departures of the flights example in plain words: what each label must see, from the records themselves. */
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const overHour = { window: hour, hop: minute };
const overDay = { window: day, hop: 15 * minute };
const overWeek = { window: 7 * day, hop: 3 * hour };
type Span = { readonly window: number; readonly hop: number };

const integer = (formula: OracleFormula): OracleFeature => ({ formula, isInteger: true });
const other = (formula: OracleFormula): OracleFeature => ({ formula, isInteger: false });
const cancellationRate = (span: Span): OracleFeature => ({
  formula: {
    kind: 'ratio',
    above: {
      kind: 'count',
      ...span,
      where: ({ cancelled }) => (cancelled === null || cancelled === undefined ? null : cancelled === true),
    },
    below: { kind: 'count', ...span },
  },
  isInteger: false,
  default: 0,
});
const destinations = (span: Span, exactUpTo: number): OracleFeature =>
  integer({ kind: 'distinct', column: 'dest', type: 'string', exactUpTo, ...span });
const delay = (kind: string, span: Span): OracleFeature => other({ kind, column: 'dep_delay', ...span });

const features: Readonly<Record<string, OracleFeature>> = {
  departures_1h: integer({ kind: 'count', ...overHour }),
  departures_24h: integer({ kind: 'count', ...overDay }),
  departures_7d: integer({ kind: 'count', ...overWeek }),
  mean_delay_1h: delay('mean', overHour),
  mean_delay_24h: delay('mean', overDay),
  mean_delay_7d: delay('mean', overWeek),
  max_delay_1h: delay('max', overHour),
  max_delay_24h: delay('max', overDay),
  p90_delay_24h: other({ kind: 'approxQuantile', column: 'dep_delay', quantile: 0.9, relativeError: 0.01, ...overDay }),
  cancellation_rate_1h: cancellationRate(overHour),
  cancellation_rate_24h: cancellationRate(overDay),
  destinations_24h: destinations(overDay, 120),
  destinations_7d: destinations(overWeek, 64),
  last_delay_24h: delay('last', overDay),
  last_delays_24h: other({ kind: 'lastN', column: 'dep_delay', limit: 5, ...overDay }),
};
const views = { carrier_departures_live: 'carrier', origin_departures_live: 'origin' };

/** Every feature of both views, as `view:feature`. */
export const liveFeatures: readonly string[] = Object.keys(views).flatMap((view) =>
  Object.keys(features).map((name) => `${view}:${name}`),
);

type Row = Readonly<Record<string, OracleValue>>;

/** How a label looks at the events. */
export interface LiveReading {
  readonly mode: OracleMode;
  readonly lag: number;
}

/** Knows what any label sees. Events are grouped by key and sorted by time once; of those near a label every one is looked at. */
export class LiveDeparturesOracle {
  readonly #events: ReadonlyMap<string, ReadonlyMap<string, readonly CountedEvent[]>>;

  /** Records carry no key: each counts for its carrier and for its origin. Equal ones have equal ids. */
  constructor(records: readonly OracleRecord[], stream: OracleStream) {
    // Copies of an event share its id, so looking for them among all records finds no more.
    const counted = [...Map.groupBy(records, ({ id }) => id).values()].flatMap((same) => countedEvents(same, stream));
    counted.sort((a, b) => a.at - b.at);
    this.#events = new Map(
      Object.entries(views).map(([view, column]) => [view, Map.groupBy(counted, ({ row }) => String(row[column]))]),
    );
  }

  /** All features of a label by `view__feature`. */
  row(label: Row, { mode, lag }: LiveReading): Row {
    const t = Number(label.event_timestamp) - lag;
    const seen: Record<string, OracleValue> = {};
    for (const [view, column] of Object.entries(views)) {
      const own = this.#events.get(view)?.get(String(label[column])) ?? [];
      for (const [name, feature] of Object.entries(features)) {
        const near = within(own, t - reachOf(feature), t);
        seen[`${view}__${name}`] = streamFeatureAt(near, feature, { t, mode }).value;
      }
    }
    return seen;
  }
}

/** Further back than this nothing can count: the window, its hop, and a day to be sure. */
function reachOf({ formula }: OracleFeature): number {
  const { window, hop = 0 } = 'above' in formula ? formula.below : formula;
  return window + hop + day;
}

/** Events with after < at <= until, of events sorted by time. */
const within = (events: readonly CountedEvent[], after: number, until: number): readonly CountedEvent[] =>
  events.slice(countUpTo(events, after), countUpTo(events, until));

function countUpTo(sorted: readonly CountedEvent[], until: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.at ?? Infinity) <= until) low = middle + 1;
    else high = middle;
  }
  return low;
}
