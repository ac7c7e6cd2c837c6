import { firstTickAfter, newestTick } from '#semantics/ticks.ts';
import { systemColumns, tableNames } from '#spec/layout.ts';
import type { BatchView, Entity, ParquetSource } from '#spec/manifest.ts';
import { type DistinctPart, type Part, PartPlan } from './aggregate-parts.ts';
import { featureValue } from './aggregate-value.ts';
import { columnsRead } from './columns-read.ts';
import { framed, windowsOf } from './frame-window.ts';
import {
  bigint,
  dateOfMillis,
  dateText,
  fromMillis,
  instant,
  quoted,
  roundedUp,
  table,
  text,
  toMillis,
} from './text.ts';

export interface BatchRowsSqlOptions {
  readonly database: string;
  readonly view: BatchView;
  readonly source: ParquetSource;
  readonly entity: Entity;
  /** Ticks of (fromMillis, toMillis]. */
  readonly fromMillis: number;
  readonly toMillis: number;
  /** Ticks (from, to] published by earlier runs: their rows are replacements. */
  readonly covered?: readonly { readonly fromMillis: number; readonly toMillis: number }[];
}

/**
 * Feature rows of a batch view, one per tick and active entity: key columns, `_event_time` (the tick), `_replaces`, `_marks`, features, `dt`
 * last. Events are folded into cells that end at multiples of g = gcd(schedule, windows); window bounds are such multiples at every tick, so a
 * window (T - w, T] is exactly a RANGE frame of whole cells. An entity is active at T with an event in (T - longest window - schedule, T].
 */
export function batchRowsSql(options: BatchRowsSqlOptions): string {
  const { view, source, entity } = options;
  const plan = new PartPlan({ schema: source.schema, features: view.features });
  const values = view.features.map((feature) => ({ feature, ...featureValue(feature, plan) }));
  const keys = entity.keys.map((key) => quoted(key.name)).join(', ');
  const cell = cellMillis(view);
  const marks = values.map(({ mark }) => mark).join(' || ');
  const columns = [
    keys,
    `${fromMillis('_t')} AS ${quoted(systemColumns.eventTime)}`,
    `${replacesSql(options)} AS ${quoted(systemColumns.replaces)}`,
    `NULLIF(${marks}, ${text('.'.repeat(values.length))}) AS ${quoted(systemColumns.marks)}`,
    ...values.map(({ feature, value }) => `${value} AS ${quoted(feature.name)}`),
    `${dateOfMillis('_t')} AS "dt"`,
  ];
  return [
    `WITH events AS (\n${eventsSql(options, cell)}\n)`,
    `, cells AS (\n${cellsSql(plan, keys)}\n)`,
    `, ticks AS (\n${ticksSql(options, keys)}\n)`,
    ...plan.distincts.map((part) => `, ends${part.name} AS (\n${distinctEndsSql(part, keys)}\n)`),
    `, sorted AS (\n${sortedSql(plan, keys)}\n)`,
    `, windows AS (\n${windowsSql(options, plan, { keys, cell })}\n)`,
    `SELECT ${columns.join(',\n  ')}\nFROM windows WHERE _k = 1`,
  ].join('\n');
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

const lengthsOf = (view: BatchView): number[] => windowsOf(view.features).map(({ windowMillis }) => windowMillis);
const longestWindow = (view: BatchView): number => Math.max(...lengthsOf(view));

/** Width of a cell: every tick and every window bound at a tick is a multiple of it. */
export const cellMillis = (view: BatchView): number => lengthsOf(view).reduce(gcd, view.scheduleMillis);

/** Source events that can reach a tick of the run, with their time _t and the end _c of their cell. */
function eventsSql(options: BatchRowsSqlOptions, cell: number): string {
  const { database, view, source, entity, fromMillis: from, toMillis: to } = options;
  const eventTime = quoted(source.eventTime ?? '');
  // An entity is active at the first tick with an event in (first tick - schedule - longest window, first tick].
  const after = newestTick(from, view.scheduleMillis) - longestWindow(view);
  const partition = source.partitionedBy;
  const conditions = [
    ...entity.keys.map((key) => `${quoted(key.name)} IS NOT NULL`),
    `${eventTime} > ${instant(after)}`,
    `${eventTime} <= ${instant(to)}`,
    ...(partition && partition.of === source.eventTime
      ? [
          `${quoted(partition.column)} >= ${text(dateText(after))}`,
          `${quoted(partition.column)} <= ${text(dateText(to))}`,
        ]
      : []),
  ];
  const columns = [...new Set([...entity.keys.map(({ name }) => name), ...columnsRead(view.features, source.schema)])]
    .map(quoted)
    .join(', ');
  return [
    `SELECT *, ${roundedUp('_t', cell)} AS _c FROM (`,
    `SELECT ${columns}, ${toMillis(eventTime)} AS _t FROM ${table(database, tableNames.source(source))}`,
    `WHERE ${conditions.join(' AND ')}`,
    ') timed',
  ].join('\n');
}

function cellsSql(plan: PartPlan, keys: string): string {
  const parts = plan.parts.map(({ name, event, fold }) => `${fold}(${event}) AS ${name}`);
  return `SELECT ${[keys, '_c', ...parts].join(',\n  ')}\nFROM events GROUP BY ${keys}, _c`;
}

/** Active ticks: from the first tick that sees a cell until just before the next such tick, or until the cell is out of every window. */
function ticksSql({ view, fromMillis: from, toMillis: to }: BatchRowsSqlOptions, keys: string): string {
  const step = view.scheduleMillis;
  const reach = `_last + ${longestWindow(view) + step}`;
  const starts = `SELECT ${keys}, ${roundedUp('_c', step)} AS _first, max(_c) AS _last FROM cells GROUP BY ${keys}, ${roundedUp('_c', step)}`;
  const spans = `SELECT ${keys}, _first, least(COALESCE(lead(_first) OVER (PARTITION BY ${keys} ORDER BY _first), ${reach}), ${reach}) AS _end FROM (\n${starts}\n) starts`;
  const clipped = `SELECT ${keys}, greatest(_first, ${bigint(firstTickAfter(from, step))}) AS _a, least(${roundedUp('_end', step)} - ${step}, ${bigint(to)}) AS _b FROM (\n${spans}\n) spans`;
  return [
    `SELECT ${keys}, x.tick AS _tick FROM (`,
    // sequence() fails on an empty range, so empty spans go first.
    `SELECT * FROM (\n${clipped}\n) clipped WHERE _a <= _b`,
    `) active CROSS JOIN UNNEST(sequence(_a, _b, ${bigint(step)})) AS x (tick)`,
  ].join('\n');
}

/** +1 where a value begins to count, -1 where it ends: at its next occurrence (which begins anew) or a window after its cell. */
function distinctEndsSql({ name, event, windows }: DistinctPart, keys: string): string {
  const windowMillis = windows[0]?.windowMillis ?? 0;
  const values = `SELECT DISTINCT ${keys}, _c, ${event} AS _v FROM events`;
  const seen = `SELECT ${keys}, _c, lead(_c) OVER (PARTITION BY ${keys}, _v ORDER BY _c) AS _next FROM (\n${values}\n) occurrences WHERE _v IS NOT NULL`;
  return [
    `SELECT ${keys}, _at, sum(_d) AS ${name} FROM (`,
    `SELECT ${keys}, _c AS _at, 1 AS _d FROM (\n${seen}\n) begins`,
    'UNION ALL',
    `SELECT ${keys}, least(COALESCE(_next, _c + ${windowMillis}), _c + ${windowMillis}), -1 FROM (\n${seen}\n) ends`,
    `) changes GROUP BY ${keys}, _at`,
  ].join('\n');
}

/** Cells, ends of distinct values and ticks of each entity in one relation; _k = 1 marks ticks. */
function sortedSql(plan: PartPlan, keys: string): string {
  const columns = (own: (part: Part | DistinctPart) => string): string =>
    [...plan.parts, ...plan.distincts].map((part) => `, ${own(part)} AS ${part.name}`).join('');
  const typedNull = (part: Part | DistinctPart): string => `CAST(NULL AS ${'fold' in part ? part.type : 'bigint'})`;
  const cells = columns((part) => ('fold' in part ? `CAST(${part.name} AS ${part.type})` : typedNull(part)));
  const ends = ({ name }: DistinctPart): string =>
    columns((part) => (part.name === name ? `CAST(${name} AS bigint)` : typedNull(part)));
  return [
    `SELECT ${keys}, _c AS _t, 0 AS _k${cells} FROM cells`,
    ...plan.distincts.map((part) => `SELECT ${keys}, _at, 0${ends(part)} FROM ends${part.name}`),
    `SELECT ${keys}, _tick, 1${columns(typedNull)} FROM ticks`,
  ].join('\nUNION ALL\n');
}

/** Every part over every window that needs it: RANGE frames of whole cells; distinct counts over all ends so far. */
function windowsSql(
  { view }: BatchRowsSqlOptions,
  plan: PartPlan,
  { keys, cell }: { keys: string; cell: number },
): string {
  const frames = plan.parts.flatMap(({ name, fold, windows }) =>
    windows.map((window) => `${fold}(${name}) OVER w${window.windowMillis} AS ${framed(name, window)}`),
  );
  const distincts = plan.distincts.map(({ name }) => `sum(${name}) OVER w_all AS ${name}`);
  const order = `PARTITION BY ${keys} ORDER BY _t RANGE BETWEEN`;
  const definitions = [
    ...lengthsOf(view).map((window) => `w${window} AS (${order} ${window - cell} PRECEDING AND CURRENT ROW)`),
    `w_all AS (${order} UNBOUNDED PRECEDING AND CURRENT ROW)`,
  ];
  return `SELECT ${[keys, '_t', '_k', ...frames, ...distincts].join(',\n  ')}\nFROM sorted\nWINDOW ${definitions.join(',\n  ')}`;
}

function replacesSql({ covered = [] }: BatchRowsSqlOptions): string {
  if (covered.length === 0) return 'false';
  const within = covered.map(({ fromMillis: from, toMillis: to }) => `(_t > ${bigint(from)} AND _t <= ${bigint(to)})`);
  return `(${within.join(' OR ')})`;
}
