import * as z from 'zod/mini';
import { fromBase64, toBase64 } from '#codec/base64.ts';
import { hashAt, hashText, hashTextLength } from '#codec/number-text.ts';
import type { DistinctState } from '#semantics/stream/distinct.ts';
import { columnTypeSchema } from '#spec/value-type.ts';
import type { ColumnTally, Range } from './column-tally.ts';

const count = z.int().check(z.nonnegative());
const digits = z.string().check(z.regex(/^-?\d+$/));
/** A bigint as its digits. */
const bound = z.union([z.number(), digits]);

/** A tally on its way from the step of a part to the last one. */
export const tallyJsonSchema = z.strictObject({
  type: z.optional(columnTypeSchema),
  rows: count,
  nulls: count,
  nans: count,
  infinities: count,
  range: z.optional(z.tuple([bound, bound])),
  sum: digits,
  squares: digits,
  buckets: z.array(z.tuple([z.int(), count])),
  /** `hashes`: texts of hashText, joined; `registers`: of HyperLogLog, in base64; without either some value had no hash. */
  distinct: z.optional(z.strictObject({ hashes: z.optional(z.string()), registers: z.optional(z.string()) })),
  counts: z.optional(z.array(z.tuple([z.string(), count]))),
  lengths: z.optional(z.tuple([count, count])),
});
export type TallyJson = z.infer<typeof tallyJsonSchema>;

export const toTallyJson = (tally: ColumnTally): TallyJson => ({
  ...(tally.type === undefined ? {} : { type: tally.type }),
  rows: tally.rows,
  nulls: tally.nulls,
  nans: tally.nans,
  infinities: tally.infinities,
  ...(tally.range ? { range: [boundJson(tally.range[0]), boundJson(tally.range[1])] } : {}),
  sum: String(tally.sum),
  squares: String(tally.squares),
  buckets: [...tally.buckets],
  ...(tally.distinct ? { distinct: distinctJson(tally.distinct) } : {}),
  ...(tally.counts ? { counts: [...tally.counts] } : {}),
  ...(tally.lengths ? { lengths: [...tally.lengths] } : {}),
});

const boundJson = (value: number | bigint): number | string => (typeof value === 'bigint' ? String(value) : value);

function distinctJson(state: DistinctState): NonNullable<TallyJson['distinct']> {
  if (state.kind === 'exact') return { hashes: [...state.hashes].map(hashText).join('') };
  return state.kind === 'registers' ? { registers: toBase64(state.registers) } : {};
}

export const fromTallyJson = (json: TallyJson): ColumnTally => ({
  type: json.type,
  rows: json.rows,
  nulls: json.nulls,
  nans: json.nans,
  infinities: json.infinities,
  range: json.range && rangeOf(json.range),
  sum: BigInt(json.sum),
  squares: BigInt(json.squares),
  buckets: new Map(json.buckets),
  distinct: json.distinct && distinctOf(json.distinct),
  counts: json.counts && new Map(json.counts),
  lengths: json.lengths,
});

const rangeOf = ([least, greatest]: readonly [number | string, number | string]): Range<number | bigint> => [
  typeof least === 'string' ? BigInt(least) : least,
  typeof greatest === 'string' ? BigInt(greatest) : greatest,
];

function distinctOf({ hashes, registers }: NonNullable<TallyJson['distinct']>): DistinctState {
  const read = registers === undefined ? undefined : fromBase64(registers);
  if (read) return { kind: 'registers', registers: read };
  if (hashes === undefined) return { kind: 'unknown' };
  const all = Array.from({ length: hashes.length / hashTextLength }, (_, at) => hashAt(hashes, at * hashTextLength));
  return { kind: 'exact', hashes: new Set(all) };
}
