import { createHash } from 'node:crypto';
import type { OracleValue } from './values.ts';

/** The name (56 bits) and rank (1..52) of a value: sha256 of `<type>:<text>`. */
export function nameAndRank(type: string, value: OracleValue): { name: bigint; rank: number } {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value === 0 ? 0 : value);
  const bits = [...createHash('sha256').update(`${type}:${text}`, 'utf8').digest()]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  const zeros = bits.slice(56, 56 + 52).indexOf('1');
  return { name: BigInt(`0b${bits.slice(0, 56)}`), rank: zeros === -1 ? 52 : Math.min(zeros + 1, 52) };
}

/** HyperLogLog over 1,024 registers, straight from the paper: the harmonic mean, or linear counting while it is small. */
export function distinctEstimate(type: string, values: readonly OracleValue[]): bigint {
  const m = 1024;
  const registers: number[] = new Array(m).fill(0);
  for (const value of values) {
    const { name, rank } = nameAndRank(type, value);
    const at = Number(name % BigInt(m));
    registers[at] = Math.max(registers[at] ?? 0, rank);
  }
  const sum = registers.reduce((total, rank) => total + 2n ** BigInt(52 - rank), 0n);
  const estimate = ((0.7213 / (1 + 1.079 / m)) * m * m * 2 ** 52) / Number(sum);
  const empty = registers.filter((rank) => rank === 0).length;
  if (estimate <= 2.5 * m && empty > 0) return BigInt(Math.round(m * Math.log(m / empty)));
  return BigInt(Math.round(estimate));
}

/** DDSketch: the middle of the bucket that the value of the wanted rank lies in. 'error' where a value is too great to have a bucket. */
export function quantileOf(values: readonly number[], quantile: number, relativeError: number): number | 'error' {
  if (values.some((value) => Math.abs(value) >= 2 ** 63)) return 'error';
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.floor(quantile * (sorted.length - 1))] ?? 0;
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -30) return 0;
  let exponent = -30;
  while (2 ** (exponent + 1) <= magnitude) exponent++;
  const parts = Math.ceil(1 / (2 * relativeError));
  const part = Math.floor((magnitude / 2 ** exponent - 1) * parts);
  return Math.sign(value) * (2 ** exponent * (1 + (part + 0.5) / parts));
}
