import type { Problem } from '#define/compile/problems.ts';
import { compile } from '#define/compile.ts';
import type { Definitions } from '#define/config.ts';
import type { Definition } from '#define/definition.ts';
import {
  batchView,
  bool,
  count,
  days,
  entity,
  feature,
  float64,
  hours,
  int32,
  int64,
  onDemandView,
  parquetSource,
  requestSource,
  streamSource,
  streamView,
  string,
  tableView,
  timestamp,
} from '#define/index.ts';
import type { StreamSource } from '#define/stream-source.ts';
import type { View } from '#define/view.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { View as CompiledView, Manifest } from '#spec/manifest.ts';

export const driver = entity('driver', { keys: { driver_id: int64() }, owner: 'marketplace' });
export const trips = parquetSource('trips', {
  location: 'trips/',
  schema: {
    driver_id: int64(),
    fare: float64(),
    seats: int32(),
    status: string(),
    event_timestamp: timestamp(),
    created_timestamp: timestamp(),
  },
  eventTime: 'event_timestamp',
  createdTime: 'created_timestamp',
});

export const compiled = (...definitions: Definitions): Manifest => compile(definitions, { project: 'demo' });

/** The compiled view of a name. */
export const viewOf = (name: string, ...definitions: Definitions): CompiledView => {
  const view = compiled(...definitions).views.find((candidate) => candidate.name === name);
  if (!view) throw new Error(`no view ${name}`);
  return view;
};

/** What compile says is wrong; empty when nothing is. */
export function problemsOf(...definitions: Definitions): readonly Problem[] {
  try {
    compiled(...definitions);
    return [];
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'define.invalid')
      return error.details.problems as readonly Problem[]; // as Problems.throwIfAny puts them there
    throw error;
  }
}

/** `code: message` of each problem, without places. */
export const saidOf = (...definitions: Definitions): readonly string[] =>
  problemsOf(...definitions).map(({ code, message }) => `${code}: ${message}`);

/** For definitions that the type checker refuses on purpose: users of JavaScript and of casts get this far. */
export const unchecked = (value: unknown): never => value as never;

type Changes = Readonly<Record<string, unknown>>;
const day = days(1);
/** A batch view `stats` of which something is changed. */
export const batch = (changes: Changes): View =>
  batchView('stats', {
    entity: driver,
    source: trips,
    schedule: hours(1),
    features: { trips_1d: count({ window: day }) },
    ...(changes as object), // unchecked on purpose
  });
export const withFeature = (formula: unknown): View => batch({ features: { wrong: formula } });
/** A table view `latest` of which something is changed. */
export const table = (changes: Changes): View =>
  tableView('latest', {
    entity: driver,
    source: trips,
    features: { fare: feature() },
    ...(changes as object), // unchecked on purpose
  });
/** A source `events` of which something is changed. */
export const source = (changes: Changes): Definition =>
  parquetSource('events', {
    location: 'events/',
    schema: { driver_id: int64(), at: timestamp(), gone: bool(), note: string() },
    eventTime: 'at',
    ...(changes as object), // unchecked on purpose
  });
/** A stream source `orders` of which something is changed. */
export const stream = (changes: Changes = {}): StreamSource =>
  streamSource('orders', {
    schema: {
      driver_id: int64(),
      order_id: string(),
      rider_id: int64(),
      total: float64(),
      seats: int32(),
      city: string(),
      paid: bool(),
      gone: bool(),
      at: timestamp(),
      made: timestamp(),
    },
    eventTime: 'at',
    eventId: 'order_id',
    ...(changes as object), // unchecked on purpose
  });
/** A stream view `live` of which something is changed. */
export const live = (changes: Changes = {}): View =>
  streamView('live', {
    entity: driver,
    source: stream(),
    features: { orders_1h: count({ window: hours(1) }) },
    ...(changes as object), // unchecked on purpose
  });
export const request = requestSource('ride', { schema: { km: float64() } });
/** An on-demand view `computed` of which something is changed. */
export const onDemand = (changes: Changes): View =>
  onDemandView('computed', {
    inputs: { request },
    outputs: { miles: float64() },
    owner: 'marketplace',
    transform: () => ({ miles: null }),
    ...(changes as object), // unchecked on purpose
  });
