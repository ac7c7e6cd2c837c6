import type { OracleEvent, OracleFeature } from './aggregates.ts';
import { featureAt } from './batch-view.ts';
import { type OracleRow, type OracleRules, pointInTime } from './point-in-time.ts';
import type { OracleValue } from './values.ts';

/** The flights example once more, in plain words and loops: what each label must see, from the source rows themselves. */
export type FlightsRow = Readonly<Record<string, OracleValue>>;

/** Rows as they were loaded; times in epoch milliseconds. */
export interface FlightsSources {
  readonly departures: readonly FlightsRow[];
  readonly weather: readonly FlightsRow[];
  readonly planes: readonly FlightsRow[];
  /** Ticks after this instant have been computed. */
  readonly ticksAfterMillis: number;
}

export interface SeenView {
  readonly state: 'present' | 'missing' | 'expired' | 'deleted';
  readonly values: FlightsRow;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const departuresOver = (window: number): OracleFeature => ({ formula: { kind: 'count', window }, isInteger: true });
const over = (kind: string, column: string, window: number): OracleFeature => ({
  formula: { kind, column, window },
  isInteger: false,
});
const cancellationRate = (window: number): OracleFeature => ({
  formula: {
    kind: 'ratio',
    above: { kind: 'count', window, where: (row) => (row.cancelled === null ? null : row.cancelled === true) },
    below: { kind: 'count', window },
  },
  isInteger: false,
});

const recent = (name: string, window: number): Record<string, OracleFeature> => ({
  [`departures_${name}`]: departuresOver(window),
  [`mean_delay_${name}`]: over('mean', 'dep_delay', window),
  [`max_delay_${name}`]: over('max', 'dep_delay', window),
  [`cancellation_rate_${name}`]: cancellationRate(window),
});
const recentDepartures = {
  ...recent('1h', hour),
  ...recent('24h', day),
  ...recent('7d', 7 * day),
  cancellation_rate_1h: { ...cancellationRate(hour), default: 0 },
};

interface BatchRules {
  readonly key: string;
  readonly schedule: number;
  readonly delay: number;
  readonly ttl: number;
  readonly features: Readonly<Record<string, OracleFeature>>;
}

const batchViews: Readonly<Record<string, BatchRules>> = {
  carrier_departures: {
    key: 'carrier',
    schedule: hour,
    delay: 5 * minute,
    ttl: 6 * hour,
    features: recentDepartures,
  },
  origin_departures: { key: 'origin', schedule: hour, delay: 5 * minute, ttl: 6 * hour, features: recentDepartures },
  plane_departures: {
    key: 'tailnum',
    schedule: day,
    delay: 30 * minute,
    ttl: 2 * day,
    features: recentDepartures,
  },
  plane_history: {
    key: 'tailnum',
    schedule: 7 * day,
    delay: 30 * minute,
    ttl: 14 * day,
    features: {
      departures_90d: departuresOver(90 * day),
      mean_delay_90d: over('mean', 'dep_delay', 90 * day),
      delay_stddev_90d: over('stddev', 'dep_delay', 90 * day),
      max_delay_90d: over('max', 'dep_delay', 90 * day),
      cancellation_rate_90d: cancellationRate(90 * day),
      mean_distance_90d: over('mean', 'distance', 90 * day),
      destinations_90d: { ...over('distinct', 'dest', 90 * day), isInteger: true },
      last_destination_90d: over('last', 'dest', 90 * day),
    },
  },
};

/** Feature name to source column. */
const weatherColumns = {
  temperature_f: 'temperature_f',
  humidity: 'humidity',
  wind_mph: 'wind_speed_mph',
  precipitation_in: 'precipitation_in',
  visibility_mi: 'visibility_mi',
  pressure_mb: 'pressure_mb',
};
const weatherDelay = 5 * minute;
const weatherTtl = 3 * hour;
const planeColumns = {
  built_year: 'built_year',
  manufacturer: 'manufacturer',
  model: 'model',
  engines: 'engines',
  seats: 'seats',
};

/** Result name to where it comes from, in the order of the service. */
const delayModel: readonly (readonly [name: string, view: string, feature: string])[] = [
  ...stored('carrier_departures', [
    'departures_24h',
    'mean_delay_1h',
    'mean_delay_24h',
    'mean_delay_7d',
    'cancellation_rate_24h',
  ]),
  ...stored('origin_departures', [
    'departures_1h',
    'mean_delay_1h',
    'mean_delay_24h',
    'max_delay_1h',
    'cancellation_rate_1h',
    'cancellation_rate_24h',
  ]),
  ...stored('plane_departures', ['departures_24h', 'mean_delay_24h', 'mean_delay_7d']),
  ...stored('plane_history', ['mean_delay_90d', 'delay_stddev_90d', 'destinations_90d']),
  ...stored('plane_model', ['built_year', 'seats']),
  ...stored('weather', Object.keys(weatherColumns)),
  ...stored('flight_context', ['distance_km', 'utc_hour']),
  ['origin_rush', 'flight_context', 'origin_rush'],
  ['carrier_trend', 'flight_context', 'carrier_trend'],
  ['delay_pressure', 'flight_context', 'delay_pressure'],
];

function stored(view: string, features: readonly string[]): [string, string, string][] {
  return features.map((feature) => [`${view}__${feature}`, view, feature]);
}

/** Every feature of every stored view, as `view:feature`. */
export const allStoredFeatures: readonly string[] = [
  ...Object.entries(batchViews).flatMap(([view, { features }]) =>
    Object.keys(features).map((name) => `${view}:${name}`),
  ),
  ...Object.keys(weatherColumns).map((name) => `weather:${name}`),
  ...Object.keys(planeColumns).map((name) => `plane_model:${name}`),
];

/** How a training set looks at the rows. */
export type FlightsReading = Pick<OracleRules, 'mode' | 'lag'>;

/** Knows what any label sees. Rows are grouped by key once, events sorted by time; otherwise every row of a window is looked at. */
export class FlightsOracle {
  readonly #events: ReadonlyMap<string, ReadonlyMap<string, readonly OracleEvent[]>>;
  readonly #weather: ReadonlyMap<string, readonly OracleRow[]>;
  readonly #planes: ReadonlyMap<string, readonly OracleRow[]>;
  readonly #ticksAfter: number;
  /** Windows that many labels see are computed once. */
  readonly #ticks = new Map<string, FlightsRow>();

  constructor({ departures, weather, planes, ticksAfterMillis }: FlightsSources) {
    this.#events = new Map(
      ['carrier', 'origin', 'tailnum'].map((column) => [column, eventsBy(column, departures)] as const),
    );
    this.#weather = rowsBy('origin', weather, (row) => ({
      eventTime: Number(row.event_timestamp),
      createdTime: Number(row.created_timestamp),
      availableAt: Number(row.event_timestamp) + weatherDelay,
      values: Object.values(weatherColumns).map((column) => row[column] ?? null),
    }));
    this.#planes = rowsBy('tailnum', planes, (row) => ({
      eventTime: 0,
      createdTime: null,
      availableAt: undefined,
      values: Object.values(planeColumns).map((column) => row[column] ?? null),
    }));
    this.#ticksAfter = ticksAfterMillis;
  }

  /** What the service's features are for a label, by result name in the service's order. */
  delayModel(label: FlightsRow, reading: FlightsReading): FlightsRow {
    const views: Record<string, FlightsRow> = {};
    for (const view of [...Object.keys(batchViews), 'weather', 'plane_model'])
      views[view] = this.view(view, label, reading).values;
    views.flight_context = flightContext(views, label, Number(label.event_timestamp) - reading.lag);
    return Object.fromEntries(delayModel.map(([name, view, feature]) => [name, views[view]?.[feature] ?? null]));
  }

  /** A stored view's row as a label sees it. */
  view(name: string, label: FlightsRow, reading: FlightsReading): SeenView {
    const batch = batchViews[name];
    if (batch) return this.#batch(name, batch, { label, reading });
    return name === 'weather'
      ? latest(this.#weather, text(label.origin), { label, reading, columns: weatherColumns, ttl: weatherTtl })
      : latest(this.#planes, text(label.tailnum), { label, reading, columns: planeColumns, ttl: undefined });
  }

  #batch(
    name: string,
    rules: BatchRules,
    { label, reading }: { label: FlightsRow; reading: FlightsReading },
  ): SeenView {
    const at = Number(label.event_timestamp) - reading.lag;
    const absent = Object.fromEntries(
      Object.entries(rules.features).map(([feature, { default: value }]) => [feature, value ?? null]),
    );
    const key = text(label[rules.key]);
    const events = (key === null ? undefined : this.#events.get(rules.key)?.get(key)) ?? [];
    const longest = longestWindow(rules);
    const delay = reading.mode === 'eventTime' ? 0 : rules.delay;
    let tick = Math.floor((at - delay) / rules.schedule) * rules.schedule;
    // A tick has a row only while something happened in the longest window, or in the one schedule before it.
    while (tick > this.#ticksAfter && within(events, tick - longest - rules.schedule, tick).length === 0)
      tick -= rules.schedule;
    if (events.length === 0 || tick <= this.#ticksAfter) return { state: 'missing', values: absent };
    if (at - tick > rules.ttl) return { state: 'expired', values: absent };
    return { state: 'present', values: this.#rowAt(tick, events, { name, rules, key }) };
  }

  #rowAt(
    tick: number,
    events: readonly OracleEvent[],
    { name, rules, key }: { name: string; rules: BatchRules; key: string | null },
  ): FlightsRow {
    const id = `${name} ${tick} ${key}`;
    const known = this.#ticks.get(id);
    if (known) return known;
    const row: Record<string, OracleValue> = {};
    for (const [feature, definition] of Object.entries(rules.features))
      row[feature] = featureAt(within(events, tick - windowOf(definition), tick), definition, tick).value;
    this.#ticks.set(id, row);
    return row;
  }
}

const text = (value: OracleValue | undefined): string | null => (typeof value === 'string' ? value : null);

const windowOf = ({ formula }: OracleFeature): number =>
  'above' in formula ? Math.max(formula.above.window, formula.below.window) : formula.window;
const longestWindow = ({ features }: BatchRules): number => Math.max(...Object.values(features).map(windowOf));

function eventsBy(column: string, departures: readonly FlightsRow[]): Map<string, OracleEvent[]> {
  const groups = new Map<string, OracleEvent[]>();
  for (const row of departures) {
    const key = text(row[column]);
    if (key === null) continue;
    const event = { key, at: Number(row.event_timestamp), row };
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  for (const group of groups.values()) group.sort((a, b) => a.at - b.at);
  return groups;
}

function rowsBy(
  column: string,
  rows: readonly FlightsRow[],
  read: (row: FlightsRow) => Omit<OracleRow, 'key' | 'run' | 'deleted'>,
): Map<string, OracleRow[]> {
  const groups = new Map<string, OracleRow[]>();
  for (const row of rows) {
    const key = text(row[column]);
    if (key === null) continue;
    const group = groups.get(key) ?? [];
    group.push({ key, run: 0, deleted: false, ...read(row) });
    groups.set(key, group);
  }
  for (const group of groups.values()) group.sort((a, b) => a.eventTime - b.eventTime);
  return groups;
}

/** Events with after < at <= until, of events sorted by time. */
const within = (events: readonly OracleEvent[], after: number, until: number): readonly OracleEvent[] =>
  events.slice(
    countUpTo(events, after, ({ at }) => at),
    countUpTo(events, until, ({ at }) => at),
  );

function countUpTo<TItem>(sorted: readonly TItem[], until: number, timeOf: (item: TItem) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle];
    if (item !== undefined && timeOf(item) <= until) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows this much older than a label are not looked at: observations have no gap of that length. */
const lookBack = 10 * day;

function latest(
  groups: ReadonlyMap<string, readonly OracleRow[]>,
  key: string | null,
  {
    label,
    reading,
    columns,
    ttl,
  }: {
    label: FlightsRow;
    reading: FlightsReading;
    columns: Readonly<Record<string, string>>;
    ttl: number | undefined;
  },
): SeenView {
  const names = Object.keys(columns);
  const rules = { ...reading, ttl, defaults: names.map(() => undefined) };
  const eventTime = Number(label.event_timestamp);
  const own = (key === null ? undefined : groups.get(key)) ?? [];
  const until = (millis: number): number => countUpTo(own, millis, (row) => row.eventTime);
  const at = eventTime - reading.lag;
  const near = ttl === undefined ? own : own.slice(until(at - lookBack), until(at));
  const { state, values } = pointInTime(near, { key, eventTime }, rules);
  return { state, values: Object.fromEntries(names.map((name, at) => [name, values[at] ?? null])) };
}

const number = (value: OracleValue | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

/** The on-demand view: the flight against its carrier and its airport. */
function flightContext(views: Readonly<Record<string, FlightsRow>>, label: FlightsRow, at: number): FlightsRow {
  const distance = number(label.distance);
  const day24 = number(views.carrier_departures?.mean_delay_24h);
  const day7 = number(views.carrier_departures?.mean_delay_7d);
  const trend = day24 === null || day7 === null ? null : day24 - day7;
  const lastHour = number(views.origin_departures?.departures_1h);
  const lastDay = number(views.origin_departures?.departures_24h);
  const delay = number(views.origin_departures?.mean_delay_1h);
  return {
    distance_km: distance === null ? null : distance * 1.609344,
    utc_hour: new Date(at).getUTCHours(),
    origin_rush: lastHour === null || lastDay === null || lastDay === 0 ? null : lastHour / (lastDay / 24),
    carrier_trend: trend,
    delay_pressure: trend === null || delay === null ? null : delay + trend,
  };
}
