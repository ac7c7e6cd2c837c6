import { type OracleRow, type OracleRules, pointInTime } from '../oracle/point-in-time.ts';
import { type CountedEvent, countedEvents, streamFeatureAt } from '../oracle/stream-view.ts';
import type { OracleValue } from '../oracle/values.ts';
import { answersOf } from './point-in-time-answers.ts';
import { countRows, delayMillis, keyOf, readingRows, ttlMillis } from './point-in-time-world.ts';
import { oracleStreams, type SourceName } from './stream-world.ts';
import { newestView, streamChoices } from './training-set-views.ts';
import { logKey, type TrainingLabel, type TrainingWorld } from './training-set-world.ts';

/** What the oracle says of one label. */
export interface LabelAnswer {
  /** By result name, `view__feature`. */
  readonly values: Readonly<Record<string, OracleValue>>;
  /** Kinds of cases that the label is; for Coverage. */
  readonly kinds: Readonly<Record<string, boolean>>;
  /** On-demand views whose transform failed. */
  readonly failed: readonly string[];
}

export type Reading = Pick<OracleRules, 'mode' | 'lag'>;

/** Kinds that any of several views may be. */
const sometimes = ['a row expired', 'a row deleted', 'a null that is stored', 'a window that cannot be represented'];

/** Readers of a table get 0 for -0. */
const zeroed = (value: OracleValue): OracleValue =>
  Array.isArray(value) ? value.map(zeroed) : Object.is(value, -0) ? 0 : value;

/** Answers any label of a world; events and rows are grouped by entity once. */
export function answerer(world: TrainingWorld, reading: Reading): (label: TrainingLabel) => LabelAnswer {
  const byKey = <T extends { readonly key: string | null }>(items: readonly T[]) =>
    Map.groupBy(items, ({ key }) => key);
  const counted = (name: SourceName) => byKey(countedEvents(world.records[name], oracleStreams[name]));
  const events = { seamed: counted('seamed'), deduplicated: counted('deduplicated') };
  const newest = byKey(newestRows(world));
  const trips = byKey(readingRows(world.tables, [], delayMillis));
  const recomputed = byKey(countRows(world.tables).filter(({ run }) => run === 2));
  return (label) => {
    const log = logKey(label.caseId, label.part);
    const kinds = Object.fromEntries(sometimes.map((kind) => [kind, false]));
    const found: Found = { values: {}, kinds, failed: [], edges: [] };
    // the label's event time is the instant asked about plus the lag
    const asked = { ...label, eventTime: label.eventTime + reading.lag };
    for (const { view, features, answer } of answersOf(world.tables, asked, reading)) {
      for (const [at, feature] of features.entries())
        found.values[`${view.name}__${feature}`] = zeroed(answer.values[at] ?? null);
      for (const state of ['present', 'missing']) found.kinds[`${view.name} ${state}`] = answer.state === state;
      for (const state of ['expired', 'deleted']) if (answer.state === state) found.kinds[`a row ${state}`] = true;
      found.kinds['a null that is stored'] ||= answer.state === 'present' && answer.values.includes(null);
    }
    addNewest(found, newest.get(log ?? '') ?? [], { key: log, asked, reading });
    for (const one of streamChoices) {
      const own = (log !== null && events[one.sourceName].get(log)) || [];
      addWindows(found, one, { own, t: label.eventTime, reading });
    }
    addOnDemand(found, label);
    const rows = trips.get(keyOf(label.caseId, label.zone) ?? '') ?? [];
    for (const row of rows) found.edges.push(visibleFrom(row, reading), row.eventTime + ttlMillis + 1);
    Object.assign(found.kinds, edgesMet(found.edges, label.eventTime));
    const past = rows.filter(({ eventTime }) => eventTime <= label.eventTime);
    found.kinds['rows of one event time'] = new Set(past.map(({ eventTime }) => eventTime)).size < past.length;
    const ticks = recomputed.get(keyOf(label.caseId, label.zone) ?? '') ?? [];
    found.kinds['a tick computed again, before and after it was published'] = ticks.some(
      ({ eventTime, availableAt = 0 }) => eventTime <= label.eventTime && availableAt > label.eventTime - 3_600_000,
    );
    found.kinds['no trip'] = label.caseId === null || label.zone === null;
    found.kinds['no shop'] = label.shopId === null;
    found.kinds['no log'] = log === null;
    return found;
  };
}

const visibleFrom = ({ eventTime, createdTime, availableAt = 0 }: OracleRow, { mode }: Reading): number =>
  ({ asServed: availableAt, eventTime, knowledgeTime: Math.max(eventTime, createdTime ?? 0) })[mode];

/** Whether the label stands where a row or an event begins or ceases to count, or a millisecond beside. */
const edgesMet = (edges: readonly number[], t: number): Record<string, boolean> => ({
  'when something begins or ceases to count': edges.includes(t),
  'a millisecond before something begins or ceases to count': edges.includes(t + 1),
  'a millisecond after something has begun or ceased to count': edges.includes(t - 1),
});

interface Found {
  readonly values: Record<string, OracleValue>;
  readonly kinds: Record<string, boolean>;
  readonly failed: string[];
  /** Instants at which rows and events of the label's entities begin or cease to count. */
  readonly edges: number[];
}

const newestRows = (world: TrainingWorld): OracleRow[] =>
  countedEvents(world.records.deduplicated, oracleStreams.deduplicated, 'all').flatMap(({ key, at, from, row }) =>
    key === null
      ? []
      : [
          {
            key,
            eventTime: at,
            createdTime: null,
            run: 0,
            availableAt: from + newestView.delayMillis,
            deleted: false,
            values: newestView.features.map(({ name }) => row[name] ?? null),
          },
        ],
  );

function addNewest(
  { values, kinds }: Found,
  rows: readonly OracleRow[],
  { key, asked, reading }: { key: string | null; asked: TrainingLabel; reading: Reading },
): void {
  // without a created time an event is known when it has arrived
  const mode = reading.mode === 'knowledgeTime' ? 'asServed' : reading.mode;
  const rules = { ...reading, mode, ttl: newestView.ttlMillis, defaults: [12n, undefined, undefined] };
  const answer = pointInTime(rows, { key, eventTime: asked.eventTime }, rules);
  for (const [at, { name }] of newestView.features.entries())
    values[`newest__${name}`] = zeroed(answer.values[at] ?? null);
  for (const state of ['present', 'missing', 'expired']) kinds[`newest ${state}`] = answer.state === state;
}

function addWindows(
  { values, kinds, edges }: Found,
  { view, features, windows, maxEvents }: (typeof streamChoices)[number],
  { own, t, reading }: { own: readonly CountedEvent[]; t: number; reading: Reading },
): void {
  const limit = maxEvents === undefined ? {} : { maxEvents };
  // created times are of tables: windows know of their events when they arrive
  const mode = reading.mode === 'eventTime' ? 'eventTime' : 'asServed';
  for (const { at, from } of own) {
    edges.push(mode === 'eventTime' ? at : from);
    for (const { windowMillis, hopMillis = 1 } of windows)
      edges.push(Math.ceil(at / hopMillis) * hopMillis + windowMillis);
  }
  const answers = features.map((feature) => streamFeatureAt(own, feature, { t, mode, ...limit }));
  for (const [at, { name }] of view.features.entries()) values[`${view.name}__${name}`] = answers[at]?.value ?? null;
  const marks = answers.map(({ mark }) => mark).join('');
  kinds[`${view.name} with events`] = marks.includes('.');
  kinds[`${view.name} empty`] = !/[.e]/.test(marks);
  kinds['a window that cannot be represented'] ||= marks.includes('e');
}

const int64 = (value: OracleValue): value is bigint =>
  typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 63n;

/** The on-demand views of training-set-views.ts, said again. */
function addOnDemand({ values, kinds, failed }: Found, label: TrainingLabel): void {
  const [total, n, events] = [values.reading__total, values.counts__n, values.seamed_tiled__count_0];
  const sum = [total, n, events].every((part) => typeof part === 'bigint')
    ? BigInt(total as bigint) + BigInt(n as bigint) + BigInt(events as bigint) // checked above
    : null;
  const isFailed = n === 3n || (sum !== null && !int64(sum));
  const mean = values.seamed_tiled__mean_or_7;
  const offer: Readonly<Record<string, OracleValue>> = {
    sum,
    ratio: label.amount === null || typeof mean !== 'number' ? null : label.amount / mean,
    note: label.note === null ? null : [label.note, values.reading__rate].join('/').replace(/\/$/, '/null'),
    at: label.eventTime,
  };
  for (const [name, value] of Object.entries(offer)) values[`offer__${name}`] = isFailed ? null : value;
  if (isFailed) failed.push('offer@1');
  values.chained__text = isFailed ? 'null at null' : `${sum === null ? 'null' : sum} at ${label.eventTime}`;
  const { shop_facts__run: run, shop_facts__size: size, newest__big: big, newest__word: word } = values;
  values.pair__isRunning = run === null ? null : run === true && word !== null;
  values.pair__both = [size === null ? null : BigInt(size as number), big ?? null]; // the view's type
  kinds['a transform fails'] = isFailed;
  kinds['a transform succeeds over all kinds of views'] = !isFailed && sum !== null && events !== 0n;
}
