import { planWindows, type WindowPlan } from '#semantics/stream/window-plan.ts';
import { eventColumns } from '#spec/layout.ts';
import type { Manifest, StreamView } from '#spec/manifest.ts';
import { columnsRead, hashesRead } from './columns-read.ts';
import { type CommonTable, withClause } from './common-table.ts';
import { eventRowsSelect, eventsOf } from './event-rows.ts';
import { bigint, quoted, roundedUp } from './text.ts';
import { contribution, foldedColumns, foldOf, listTables, type PlacedPart, partName } from './tile-parts.ts';

export interface BackfillSqlOptions {
  readonly database: string;
  readonly manifest: Manifest;
  readonly view: StreamView;
  /** Greatest arrival that counts, inclusive, epoch milliseconds. */
  readonly cutMillis: number;
  /** No reader asks for windows of an earlier instant. */
  readonly asOfMillis: number;
}

/**
 * Events up to a cut, with the history, folded into the tiles of their entity in a view: rows of the keys, `_level` (integer), `_end_ms` (bigint) and
 * per part i of planWindows count, beyond `_p<i>` (bigint); sum, squares `_p<i>` (varchar, digits); min, max `_p<i>` (the column's type); first,
 * last, lastN `_p<i>_t` (array(bigint), event times) and `_p<i>_v` (array), oldest first; distinct `_p<i>_h` (array(bigint): hashes; one null where
 * some value has none), or beyond exactUpTo null and `_p<i>_r` (array(bigint): rank * 1024 + register); quantile `_p<i>_b` and `_p<i>_n`
 * (array(bigint): buckets and counts). An event lies in the tile of the first window that reads it at asOfMillis or later; what none reads is
 * left out. Exact views have no tiles: one row an event, see below.
 */
export function backfillTilesSql(options: BackfillSqlOptions): string {
  const { view } = options;
  if (view.exact) return backfillEventsSql(options);
  const { source, entity } = eventsOf(options, view);
  const plan = planWindows(view, source);
  const keys = entity.keys.map(({ name }) => quoted(name));
  const tile = [...keys, '_level', '_end_ms'].join(', ');
  const parts = plan.parts.map((part, index): PlacedPart => ({ ...part, index }));
  const folded = parts.filter((part) => foldOf(part) !== undefined);
  const lists = listTables({ tile, from: 'tiled', parts: parts.filter((part) => foldOf(part) === undefined) });
  const tables: CommonTable[] = [
    { name: 'tiled', query: tiledSelect(options, plan, keys) },
    {
      name: 'folded',
      query: `SELECT ${[tile, ...folded.map((part) => `${foldOf(part)}(${partName(part.index)}) AS ${partName(part.index)}`)].join(', ')} FROM tiled GROUP BY ${tile}`,
    },
    ...lists.flat(),
  ];
  const joins = lists.map((own, index) => {
    const on = tile.split(', ').map((name) => `k${index}.${name} = f.${name}`);
    return `LEFT JOIN ${own.at(-1)?.name ?? ''} k${index} ON ${on.join(' AND ')}`;
  });
  const columns = [
    ...tile.split(', ').map((name) => `f.${name}`),
    ...parts.flatMap((part) => (foldOf(part) === undefined ? listColumns(part) : foldedColumns(part))),
  ];
  return [withClause(tables), `SELECT ${columns.join(',\n  ')}`, 'FROM folded f', ...joins].join('\n');
}

function listColumns({ kind, index }: PlacedPart): string[] {
  const suffixes = { lastN: ['_t', '_v'], distinct: ['_h', '_r'], quantile: ['_b', '_n'] };
  const own = kind === 'lastN' || kind === 'distinct' ? suffixes[kind] : suffixes.quantile;
  return own.map((suffix) => `${partName(index)}${suffix}`);
}

/** Events with their tile and what they contribute to its parts. */
function tiledSelect(options: BackfillSqlOptions, plan: WindowPlan, keys: readonly string[]): string {
  const { view, asOfMillis } = options;
  const { schema } = eventsOf(options, view).source;
  const levels = plan.windows.map(
    ({ windowMillis, hopMillis }, level) =>
      `WHEN ${roundedUp('_t', hopMillis)} + ${bigint(windowMillis)} > ${bigint(asOfMillis)} THEN ${level}`,
  );
  const ends = plan.levelMillis.map((length, level) => `WHEN ${level} THEN ${roundedUp('_t', length)}`);
  const contributions = plan.parts.map(
    (part, index) => `${contribution({ ...part, index }, schema)} AS ${partName(index)}`,
  );
  return [
    `SELECT ${[...keys, '_t', '_level', `CASE _level ${ends.join(' ')} END AS _end_ms`, ...contributions].join(',\n  ')}`,
    `FROM (SELECT *, CASE ${levels.join(' ')} END AS _level FROM (`,
    eventsSelect(options),
    ') events) levelled WHERE _level IS NOT NULL',
  ].join('\n');
}

/**
 * Of exact views: events up to a cut, one by one: rows of the keys, `_event_ms`, `_counts_from_ms`, `_arrival_ms`, `_fingerprint` (bigint or null), the columns that the
 * view's aggregates read and the hashes of those that are counted by value.
 */
function backfillEventsSql(options: BackfillSqlOptions): string {
  const { view } = options;
  const { source, entity } = eventsOf(options, view);
  const names = [
    ...new Set([...entity.keys.map(({ name }) => name), ...columnsRead(view.features, source.schema)]),
    ...hashesRead(view.features).map((column) => eventColumns.hash(column)),
  ].map(quoted);
  return [
    `SELECT ${names.join(', ')}, _t AS _event_ms, _from AS _counts_from_ms, _arrival AS _arrival_ms, _fingerprint`,
    `FROM (\n${eventsSelect(options)}\n) events`,
  ].join('\n');
}

function eventsSelect(options: BackfillSqlOptions): string {
  const { view, cutMillis, asOfMillis } = options;
  const on = eventsOf(options, view);
  const { windows } = planWindows(view, on.source);
  const reach = Math.max(...windows.map(({ windowMillis, hopMillis }) => windowMillis + hopMillis));
  return eventRowsSelect(on, {
    columns: columnsRead(view.features, on.source.schema),
    hashed: hashesRead(view.features),
    mode: 'asServed',
    bounds: { minEventMillis: asOfMillis - reach, maxArrivalMillis: cutMillis },
  });
}
