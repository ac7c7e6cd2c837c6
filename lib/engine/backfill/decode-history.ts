import type { WantedColumn } from '#codec/parquet-read.ts';
import { whole } from '#semantics/scaled-sum.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { emptyRegisters, type Registers } from '#semantics/stream/hyperloglog.ts';
import type { PartState } from '#semantics/stream/part-rules.ts';
import type { Tile } from '#semantics/stream/tiles.ts';
import type { Part, WindowPlan } from '#semantics/stream/window-plan.ts';
import { addEvents, emptyState, mergeStates, type WindowState } from '#semantics/stream/window-state.ts';
import { isList } from '#semantics/value.ts';
import { distinctRegisters } from '#spec/aggregation.ts';
import { eventColumns } from '#spec/layout.ts';
import type { StreamSource, StreamView } from '#spec/manifest.ts';
import { type ColumnType, decimalParts, type ScalarValue, type Value } from '#spec/value-type.ts';
import { comesAsText, historyColumns, historyEventColumns } from '#sql/history-entities-sql.ts';

/** How the history of an entity stands in a row of historyEntitiesSql. */
export interface HistoryDecoder {
  /** The columns besides the keys. */
  readonly columns: readonly WantedColumn[];
  /** The state of a row: values in the order of `columns`. */
  readonly decode: (values: readonly Value[]) => WindowState;
}

type List = readonly (ScalarValue | null)[];
/** The arrays of a row, by name of the column. */
type Row = ReadonlyMap<string, List>;

export function historyDecoder(view: StreamView, source: StreamSource, plan: WindowPlan): HistoryDecoder {
  const columns = plan.exact ? exactColumns(view, source, plan) : tileColumns(plan);
  const read = plan.exact ? exactReader(view, source, plan) : (row: Row) => tilesState(plan, row);
  return {
    columns,
    decode: (values) => read(new Map(columns.map(({ name }, index) => [name, listOf(values[index])]))),
  };
}

const listOf = (value: Value | undefined): List =>
  value !== undefined && value !== null && isList(value) ? value : [];

/** Type of a list of values of a column, as it stands in the file. */
const listType = (type: ColumnType): ColumnType => {
  const item = comesAsText(type) ? 'string' : type;
  return `list<${item}>` as ColumnType; // the rest of ColumnType is scalar: aggregates read no lists
};

const bigints = (name: string): WantedColumn => ({ name, as: 'list<int64>' });

const tileColumns = (plan: WindowPlan): WantedColumn[] => [
  bigints(historyColumns.level),
  bigints(historyColumns.endMillis),
  ...plan.parts.flatMap(partColumns),
];

function partColumns({ kind, type = 'int64' }: Part, index: number): WantedColumn[] {
  const value = historyColumns.part(index);
  const lengths = bigints(historyColumns.lengths(index));
  switch (kind) {
    case 'count':
    case 'beyond':
      return [bigints(value)];
    case 'sum':
    case 'squares':
      return [{ name: value, as: 'list<string>' }];
    case 'min':
    case 'max':
      return [{ name: value, as: listType(type) }];
    case 'first':
    case 'last':
    case 'lastN':
      return [lengths, bigints(historyColumns.times(index)), { name: value, as: listType(type) }];
    case 'distinct':
      return [
        lengths,
        bigints(value),
        bigints(historyColumns.registerLengths(index)),
        bigints(historyColumns.registers(index)),
      ];
    case 'quantile':
      return [lengths, bigints(value), bigints(historyColumns.counts(index))];
  }
}

/** All tiles of a row. Merging them one by one sorts them as states are sorted. */
function tilesState(plan: WindowPlan, row: Row): WindowState {
  const levels = row.get(historyColumns.level) ?? [];
  const ends = row.get(historyColumns.endMillis) ?? [];
  const parts = plan.parts.map((part, index) => partReader(part, index, row));
  const tiles = levels.map((level, at): Tile => {
    const own = Number(level);
    const states = parts.map((read) => read(at));
    const isRead = (index: number): boolean => (plan.parts[index]?.lastWindow ?? 0) >= own;
    return {
      level: own,
      endMillis: Number(ends[at]),
      parts: states.map((state, index) => (isRead(index) ? state : undefined)),
    };
  });
  return mergeStates(plan, emptyState, { tiles, events: [] });
}

/** Reads a part of one tile after the other: `at` counts up from 0. */
function partReader(part: Part, index: number, row: Row): (at: number) => PartState {
  const values = row.get(historyColumns.part(index)) ?? [];
  const lengths = row.get(historyColumns.lengths(index)) ?? [];
  const type = part.type ?? 'int64';
  switch (part.kind) {
    case 'count':
    case 'beyond':
      return (at) => Number(values[at] ?? 0) || undefined;
    case 'sum':
    case 'squares':
      return (at) => (values[at] === null ? undefined : whole(BigInt(String(values[at]))));
    case 'min':
    case 'max':
      return (at) => typed(type, values[at] ?? null) ?? undefined;
    case 'first':
    case 'last':
    case 'lastN': {
      const next = slices(values, lengths);
      const nextTimes = slices(row.get(historyColumns.times(index)) ?? [], lengths);
      return (at) => {
        const times = nextTimes(at);
        const timed = next(at).flatMap((value, item) => {
          const known = typed(type, value);
          return known === null ? [] : [{ atMillis: Number(times[item]), value: known }];
        });
        return part.kind === 'lastN' && timed.length > 0 ? timed : timed[0];
      };
    }
    case 'distinct': {
      const next = slices(values, lengths);
      const nextRegisters = slices(
        row.get(historyColumns.registers(index)) ?? [],
        row.get(historyColumns.registerLengths(index)) ?? [],
      );
      return (at) => {
        const [names, registers] = [next(at), nextRegisters(at).filter(isBigint)];
        // Some value has no hash, so nobody knows how many different ones there are.
        if (names.includes(null)) return { kind: 'unknown' };
        if (registers.length > 0) return { kind: 'registers', registers: registersOf(registers) };
        return names.length > 0 ? { kind: 'exact', hashes: new Set(names.filter(isBigint)) } : undefined;
      };
    }
    case 'quantile': {
      const next = slices(values, lengths);
      const nextCounts = slices(row.get(historyColumns.counts(index)) ?? [], lengths);
      return (at) => {
        const [buckets, counts] = [next(at), nextCounts(at)];
        if (buckets.length === 0) return undefined;
        return new Map(buckets.map((bucket, item) => [Number(bucket), Number(counts[item])]));
      };
    }
  }
}

const isBigint = (value: ScalarValue | null): value is bigint => typeof value === 'bigint';

/** The lists of one tile after the other out of all of them in one; a null length is none. */
function slices(values: List, lengths: List): (at: number) => List {
  let start = 0;
  return (at) => {
    const end = start + Number(lengths[at] ?? 0);
    const slice = values.slice(start, end);
    start = end;
    return slice;
  };
}

function registersOf(entries: readonly bigint[]): Registers {
  const registers = emptyRegisters();
  for (const entry of entries)
    registers[Number(entry) % distinctRegisters] = Math.floor(Number(entry) / distinctRegisters);
  return registers;
}

/** A value as events hold it: decimals as scaled bigints, dates as epoch days, no -0. */
function typed(type: ColumnType, value: ScalarValue | null): ScalarValue | null {
  if (value === null) return null;
  if (decimalParts(type)) return BigInt(String(value).replace('.', ''));
  if (type === 'date') return Math.round(Date.parse(`${String(value)}T00:00:00Z`) / 86_400_000);
  return value === 0 ? 0 : value;
}

function exactColumns(view: StreamView, source: StreamSource, plan: WindowPlan): WantedColumn[] {
  const { columns, hashed } = historyEventColumns(view, source, plan);
  return [
    bigints(historyColumns.eventMillis),
    ...columns.map(({ name, type }): WantedColumn => ({ name: historyColumns.column(name), as: listType(type) })),
    ...hashed.map((name) => bigints(historyColumns.column(eventColumns.hash(name)))),
  ];
}

function exactReader(view: StreamView, source: StreamSource, plan: WindowPlan): (row: Row) => WindowState {
  const { columns, hashed } = historyEventColumns(view, source, plan);
  return (row) => {
    const of = (name: string, at: number): ScalarValue | null => row.get(historyColumns.column(name))?.[at] ?? null;
    const events = (row.get(historyColumns.eventMillis) ?? []).map((millis, at): StreamEvent => {
      const hashOf = (name: string): bigint | null => {
        const hash = of(eventColumns.hash(name), at);
        return isBigint(hash) ? hash : null;
      };
      const eventTimeMillis = Number(millis);
      return {
        row: Object.fromEntries(columns.map(({ name, type }) => [name, typed(type, of(name, at))])),
        eventTimeMillis,
        // The state knows no arrivals: all of these have passed.
        arrivalMillis: eventTimeMillis,
        hashes: Object.fromEntries(hashed.map((name) => [name, hashOf(name)])),
      };
    });
    return addEvents(plan, emptyState, events);
  };
}
