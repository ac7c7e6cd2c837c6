import { distinctRegisters } from '#spec/aggregation.ts';

/**
 * HyperLogLog over 1,024 registers, every step written so that SQL says the same (ADR 11). A value's hash is rank * 2^56 + name: our writers
 * make it, SQL only divides.
 */

const nameBits = 56n;
/** What a hash is divided by for its rank; the rest is its name. */
export const rankUnit = 2n ** nameBits;
/** Ranks are 1..52; a register without value is 0. */
export const maximumRank = 52;
/** E = estimateNumerator / S, where S is the sum of 2^(52 - rank) over the registers. Times powers of two: nothing is rounded here. */
export const estimateNumerator =
  (0.7213 / (1 + 1.079 / distinctRegisters)) * distinctRegisters * distinctRegisters * 2 ** maximumRank;
/** Up to this estimate, inclusive, empty registers tell more than ranks do. */
export const linearCountingLimit = 2.5 * distinctRegisters;
/** Number of values by number of empty registers, round(m * ln(m / V)); none for V = 0, where index 0 holds 0. */
export const linearCounts: readonly number[] = Array.from({ length: distinctRegisters + 1 }, (_, empty) =>
  empty === 0 ? 0 : Math.round(distinctRegisters * Math.log(distinctRegisters / empty)),
);

/** The greatest rank by register. */
export type Registers = Uint8Array;

export const emptyRegisters = (): Registers => new Uint8Array(distinctRegisters);
export const registerOf = (hash: bigint): number => Number(hash & BigInt(distinctRegisters - 1)); // m is a power of two
export const rankOf = (hash: bigint): number => Number(hash >> nameBits);

/** Adds a hash to the registers, in place. */
export function addHash(registers: Registers, hash: bigint): void {
  const register = registerOf(hash);
  registers[register] = Math.max(registers[register] ?? 0, rankOf(hash));
}

/** Adds all values of `from` to `into`, in place. */
export function mergeRegisters(into: Registers, from: Registers): void {
  for (let register = 0; register < distinctRegisters; register++) {
    const rank = from[register] ?? 0;
    if (rank > (into[register] ?? 0)) into[register] = rank;
  }
}

/** Estimated number of different values: standard error 3.25 %. S is at most 2^62 and exact. */
export function estimateDistinct(registers: Registers): bigint {
  const byRank = new Array<number>(maximumRank + 1).fill(0);
  for (const rank of registers) byRank[rank] = (byRank[rank] ?? 0) + 1;
  const sum = byRank.reduce((total, count, rank) => total + (BigInt(count) << BigInt(maximumRank - rank)), 0n);
  const estimate = estimateNumerator / Number(sum);
  const empty = byRank[0] ?? 0;
  if (estimate <= linearCountingLimit && empty > 0) return BigInt(linearCounts[empty] ?? 0);
  const whole = Math.floor(estimate);
  return BigInt(estimate - whole >= 0.5 ? whole + 1 : whole); // half away from zero
}
