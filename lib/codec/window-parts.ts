import { type Whole, whole } from '#semantics/scaled-sum.ts';
import type { DistinctState } from '#semantics/stream/distinct.ts';
import { emptyRegisters, type Registers } from '#semantics/stream/hyperloglog.ts';
import type { PartState, PartStates } from '#semantics/stream/part-rules.ts';
import type { Timed } from '#semantics/stream/timed-values.ts';
import type { Part, PartKind } from '#semantics/stream/window-plan.ts';
import { type ColumnType, decimalParts, type ScalarValue } from '#spec/value-type.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { charOf, hashAt, hashText, hashTextLength, numberAt, numberText, valueAt } from './number-text.ts';

/** JSON of stored states: the layout id before it vouches for its form. */
export type Json = string | number | boolean | null | readonly Json[];

/** How a part's state is written. */
export interface PartCodec<TState = PartState> {
  /** Stands for a part without contribution. */
  readonly nothing: null | 0;
  readonly write: (state: TState, endMillis: number) => Json;
  readonly read: (json: Json, endMillis: number) => TState | undefined;
}

const wholeJson = (n: number | bigint): Json => {
  const form = typeof n === 'bigint' ? whole(n) : n;
  return typeof form === 'bigint' ? form.toString() : form;
};

/** A scalar of a column: bigints as numbers while exact, else as digits; bytes as base64; the rest as it is. */
export const scalarJson = (value: ScalarValue): Json => {
  if (typeof value === 'bigint') return wholeJson(value);
  return value instanceof Uint8Array ? toBase64(value) : value;
};

/** Reads what scalarJson has written of a column of the type. */
export function scalarReader(type: ColumnType): (json: Json) => ScalarValue {
  if (type === 'int64' || decimalParts(type)) return (json) => BigInt(json as number | string);
  if (type === 'bytes') return (json) => fromBase64(String(json)) ?? new Uint8Array();
  return (json) => json as ScalarValue; // the JSON form of the other types is the value
}

const counted = (): PartCodec<number> => ({ nothing: 0, write: (state) => state, read: Number });

const summed = (): PartCodec<Whole> => ({
  nothing: null,
  write: wholeJson,
  read: (json) => (typeof json === 'number' ? json : BigInt(String(json))),
});

function extreme({ type = 'float64' }: Part): PartCodec<ScalarValue> {
  return { nothing: null, write: scalarJson, read: scalarReader(type) };
}

/** [milliseconds before the tile's end, value, ...] */
const timedJson = (list: readonly Timed[], endMillis: number): Json =>
  list.flatMap(({ atMillis, value }) => [endMillis - atMillis, scalarJson(value)]);

function timedReader({ type = 'float64' }: Part): (json: Json, endMillis: number) => Timed[] {
  const scalar = scalarReader(type);
  return (json, endMillis) => {
    const items = json as readonly Json[]; // written by timedJson
    const list: Timed[] = [];
    for (let index = 0; index < items.length; index += 2)
      list.push({ atMillis: endMillis - Number(items[index]), value: scalar(items[index + 1] ?? null) });
    return list;
  };
}

function edge(part: Part): PartCodec<Timed> {
  const read = timedReader(part);
  return {
    nothing: null,
    write: (state, endMillis) => timedJson([state], endMillis),
    read: (json, endMillis) => read(json, endMillis)[0],
  };
}

const lastN = (part: Part): PartCodec<Timed[]> => ({ nothing: null, write: timedJson, read: timedReader(part) });

/** First character of a text that is not a list of hashes. */
const [denseMark, sparseMark, unknownMark] = ['!', '~', '?'];
/** A register's number takes two characters and its rank one. */
const sparseLength = 3;

function registersText(registers: Registers): string {
  let [dense, sparse] = [denseMark, sparseMark];
  for (const [register, rank] of registers.entries()) {
    dense += charOf(rank);
    if (rank > 0) sparse += numberText(register, sparseLength - 1) + charOf(rank);
  }
  return sparse.length < dense.length ? sparse : dense;
}

function registersIn(text: string): Registers {
  const registers = emptyRegisters();
  if (text.startsWith(denseMark))
    for (let register = 0; register < registers.length; register++) registers[register] = valueAt(text, register + 1);
  else
    for (let start = 1; start < text.length; start += sparseLength)
      registers[numberAt(text, start, sparseLength - 1)] = valueAt(text, start + sparseLength - 1);
  return registers;
}

const distinct = (): PartCodec<DistinctState> => ({
  nothing: null,
  write: (state) => {
    if (state.kind === 'unknown') return unknownMark;
    return state.kind === 'registers'
      ? registersText(state.registers)
      : [...state.hashes].map(hashText).sort().join('');
  },
  read: (json) => {
    const text = String(json);
    if (text === unknownMark) return { kind: 'unknown' };
    if (text.startsWith(denseMark) || text.startsWith(sparseMark))
      return { kind: 'registers', registers: registersIn(text) };
    const hashes = new Set<bigint>();
    for (let start = 0; start < text.length; start += hashTextLength) hashes.add(hashAt(text, start));
    return { kind: 'exact', hashes };
  },
});

/** [bucket, count, distance to the next bucket, count, ...] */
const quantile = (): PartCodec<PartStates['quantile']> => ({
  nothing: null,
  write: (state) => {
    let before = 0;
    return [...state]
      .sort(([a], [b]) => a - b)
      .flatMap(([bucket, count]) => {
        const distance = bucket - before;
        before = bucket;
        return [distance, count];
      });
  },
  read: (json) => {
    const items = json as readonly number[]; // written above
    const counts = new Map<number, number>();
    let bucket = 0;
    for (let index = 0; index < items.length; index += 2) {
      bucket += items[index] ?? 0;
      counts.set(bucket, items[index + 1] ?? 0);
    }
    return counts;
  },
});

const makers: { readonly [TKind in PartKind]: (part: Part) => PartCodec<PartStates[TKind]> } = {
  count: counted,
  sum: summed,
  squares: summed,
  beyond: counted,
  min: extreme,
  max: extreme,
  first: edge,
  last: edge,
  lastN,
  distinct,
  quantile,
};

/** The codec of a part; it is given states of that part only. */
export const partCodec = (part: Part): PartCodec => makers[part.kind](part) as unknown as PartCodec;
