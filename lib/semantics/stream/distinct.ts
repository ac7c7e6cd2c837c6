import { addHash, emptyRegisters, estimateDistinct, mergeRegisters, type Registers } from './hyperloglog.ts';

/**
 * Different values of a tile: their hashes, or registers once there are more than `exactUpTo`. Which of the two depends on the values alone,
 * not on their order. `unknown`: some value had no hash.
 */
export type DistinctState =
  | { readonly kind: 'exact'; readonly hashes: Set<bigint> }
  | { readonly kind: 'registers'; readonly registers: Registers }
  | { readonly kind: 'unknown' };

/** Adds a hash in place where it can (false: a value without one). */
export function addDistinct(state: DistinctState | undefined, hash: bigint | false, exactUpTo: number): DistinctState {
  if (hash === false) return { kind: 'unknown' };
  if (state === undefined) return { kind: 'exact', hashes: new Set([hash]) };
  if (state.kind === 'registers') addHash(state.registers, hash);
  if (state.kind !== 'exact') return state;
  state.hashes.add(hash);
  return limited(state.hashes, exactUpTo);
}

/** Adds all values of `from` to `into`, in place where it can; `from` stays as it is. */
export function mergeDistinct(into: DistinctState, from: DistinctState, exactUpTo: number): DistinctState {
  if (into.kind === 'unknown' || from.kind === 'unknown') return { kind: 'unknown' };
  if (into.kind === 'exact' && from.kind === 'exact') {
    for (const hash of from.hashes) into.hashes.add(hash);
    return limited(into.hashes, exactUpTo);
  }
  const registers = into.kind === 'registers' ? into.registers : registersOf(into.hashes);
  if (from.kind === 'registers') mergeRegisters(registers, from.registers);
  else for (const hash of from.hashes) addHash(registers, hash);
  return { kind: 'registers', registers };
}

export function copyDistinct(state: DistinctState): DistinctState {
  if (state.kind === 'exact') return { kind: 'exact', hashes: new Set(state.hashes) };
  return state.kind === 'registers' ? { kind: 'registers', registers: state.registers.slice() } : state;
}

/** Number of different values; undefined where it is not known. */
export function countDistinct(state: DistinctState): bigint | undefined {
  if (state.kind === 'exact') return BigInt(state.hashes.size);
  return state.kind === 'registers' ? estimateDistinct(state.registers) : undefined;
}

const limited = (hashes: Set<bigint>, exactUpTo: number): DistinctState =>
  hashes.size <= exactUpTo ? { kind: 'exact', hashes } : { kind: 'registers', registers: registersOf(hashes) };

function registersOf(hashes: ReadonlySet<bigint>): Registers {
  const registers = emptyRegisters();
  for (const hash of hashes) addHash(registers, hash);
  return registers;
}
