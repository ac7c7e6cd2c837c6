import { createHash } from 'node:crypto';

/** A label: its event time, epoch milliseconds, and its keys as texts by entity, in the order of the entities and of their keys. */
export interface OracleLabel {
  readonly timeMillis: number;
  readonly keys: Readonly<Record<string, readonly (string | null)[]>>;
}

export interface OracleDraw {
  readonly purpose: 'sample' | 'split';
  readonly seed: number;
  readonly by?: string | undefined;
}

/** The first 53 bits of the SHA-256 of a JSON text, as a part of 2^53. */
export function drawn(label: OracleLabel, { purpose, seed, by }: OracleDraw): number {
  const own = by === undefined ? [null] : (label.keys[by] ?? [null]);
  const identity: (string | number | null)[] = [];
  if (by !== undefined && !own.includes(null)) {
    identity.push(by);
    for (const key of own) identity.push(key);
  } else {
    identity.push(label.timeMillis);
    for (const entity of Object.keys(label.keys)) for (const key of label.keys[entity] ?? []) identity.push(key);
  }
  const digest = createHash('sha256')
    .update(JSON.stringify([purpose, seed, ...identity]), 'utf8')
    .digest();
  let bits = '';
  for (const byte of digest.subarray(0, 7)) bits += byte.toString(2).padStart(8, '0');
  return Number.parseInt(bits.slice(0, 53), 2) / 2 ** 53;
}

/** Number of the split whose shares, laid end to end from 0, hold the draw; the last one takes what is left. */
export function splitOfShares(draw: number, shares: readonly number[]): number {
  let end = 0;
  for (let split = 0; split < shares.length - 1; split++) {
    end += shares[split] ?? 0;
    if (draw < end) return split;
  }
  return shares.length - 1;
}

/** Number of the split of an instant: a cut is the first instant of what follows it. */
export function splitOfTime(timeMillis: number, cutsMillis: readonly number[]): number {
  for (let split = 0; split < cutsMillis.length; split++) if (timeMillis < (cutsMillis[split] ?? 0)) return split;
  return cutsMillis.length;
}
