import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { historyDecoder } from '#engine/backfill/decode-history.ts';
import type { DistinctState } from '#semantics/stream/distinct.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import type { PartState } from '#semantics/stream/part-rules.ts';
import type { Timed } from '#semantics/stream/timed-values.ts';
import type { Part, WindowPlan } from '#semantics/stream/window-plan.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import type { WindowState } from '#semantics/stream/window-state.ts';
import { distinctRegisters } from '#spec/aggregation.ts';
import { eventColumns } from '#spec/layout.ts';
import type { Entity, StreamSource, StreamView } from '#spec/manifest.ts';
import type { ScalarValue, Value } from '#spec/value-type.ts';
import { historyColumns, historyEventColumns } from '#sql/history-entities-sql.ts';

/** The history of an entity as the statement of a backfill finds it: tiles, or the events of an exact view. */
export interface HistoryRow {
  readonly keys: readonly Value[];
  readonly state: WindowState;
  /** Of an exact view: the events that are in the state. */
  readonly events: readonly StreamEvent[];
}

type Cell = readonly (ScalarValue | null)[];
type Row = ReadonlyMap<string, Cell>;

/** A Parquet file of histories, as Athena would write it for historyEntitiesSql. */
export function historyFile(
  { view, source, entity }: { readonly view: StreamView; readonly source: StreamSource; readonly entity: Entity },
  rows: readonly HistoryRow[],
): Uint8Array {
  const plan = planWindows(view, source);
  const cells = rows.map((row) => (plan.exact ? eventCells(view, source, row) : tileCells(plan, row.state)));
  const keys = entity.keys.map(
    ({ name, type }, index): TypedColumn => ({ name, type, values: rows.map((row) => row.keys[index] ?? null) }),
  );
  const columns = historyDecoder(view, source, plan).columns.map(
    ({ name, as = 'list<int64>' }): TypedColumn => ({
      name,
      type: as,
      values: cells.map((row) => row.get(name) ?? []),
    }),
  );
  return writeParquet([...keys, ...columns]);
}

function tileCells(plan: WindowPlan, { tiles }: WindowState): Row {
  const cells = new Map<string, (ScalarValue | null)[]>();
  const add = (name: string, ...values: readonly (ScalarValue | null)[]): void => {
    const cell = cells.get(name) ?? [];
    cell.push(...values);
    cells.set(name, cell);
  };
  for (const { level, endMillis, parts } of tiles) {
    add(historyColumns.level, BigInt(level));
    add(historyColumns.endMillis, BigInt(endMillis));
    for (const [index, part] of plan.parts.entries()) addPart(add, { part, index, state: parts[index] });
  }
  return cells;
}

function addPart(
  add: (name: string, ...values: readonly (ScalarValue | null)[]) => void,
  { part: { kind }, index, state }: { readonly part: Part; readonly index: number; readonly state: PartState },
): void {
  const value = historyColumns.part(index);
  const length = (count: number | null): void =>
    add(historyColumns.lengths(index), count === null ? null : BigInt(count));
  switch (kind) {
    case 'count':
    case 'beyond':
      add(value, BigInt(Number(state ?? 0)));
      return;
    case 'sum':
    case 'squares':
      add(value, state === undefined ? null : String(state));
      return;
    case 'min':
    case 'max':
      add(value, (state as ScalarValue | undefined) ?? null); // of one of these kinds
      return;
    case 'first':
    case 'last':
    case 'lastN': {
      const timed = (state === undefined ? [] : [state].flat()) as Timed[]; // of one of these kinds
      length(state === undefined ? null : timed.length);
      add(historyColumns.times(index), ...timed.map(({ atMillis }) => BigInt(atMillis)));
      add(value, ...timed.map((one) => one.value));
      return;
    }
    case 'quantile': {
      const counts = state instanceof Map ? [...state] : [];
      length(state === undefined ? null : counts.length);
      add(value, ...counts.map(([bucket]) => BigInt(bucket)));
      add(historyColumns.counts(index), ...counts.map(([, count]) => BigInt(count)));
      return;
    }
    case 'distinct': {
      const distinct = state as DistinctState | undefined; // of this kind
      const hashes = distinct?.kind === 'exact' ? [...distinct.hashes] : distinct?.kind === 'unknown' ? [null] : [];
      const registers = distinct?.kind === 'registers' ? registersOf(distinct.registers) : undefined;
      length(registers ? null : hashes.length);
      add(value, ...hashes);
      add(historyColumns.registerLengths(index), registers ? BigInt(registers.length) : null);
      add(historyColumns.registers(index), ...(registers ?? []));
    }
  }
}

const registersOf = (registers: Uint8Array): bigint[] =>
  [...registers].flatMap((rank, register) => (rank === 0 ? [] : [BigInt(rank * distinctRegisters + register)]));

function eventCells(view: StreamView, source: StreamSource, { events }: HistoryRow): Row {
  const { columns, hashed } = historyEventColumns(view, source, planWindows(view, source));
  const scalar = (value: Value | undefined): ScalarValue | null => (value ?? null) as ScalarValue | null; // no lists here
  return new Map<string, Cell>([
    [historyColumns.eventMillis, events.map(({ eventTimeMillis }) => BigInt(eventTimeMillis))],
    ...columns.map(({ name }): [string, Cell] => [
      historyColumns.column(name),
      events.map(({ row }) => scalar(row[name])),
    ]),
    ...hashed.map((name): [string, Cell] => [
      historyColumns.column(eventColumns.hash(name)),
      events.map(({ hashes }) => hashes[name] ?? null),
    ]),
  ]);
}
