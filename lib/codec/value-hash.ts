import { sha256 } from '@noble/hashes/sha2.js';
import { maximumRank, rankUnit } from '#semantics/stream/hyperloglog.ts';
import { isList } from '#semantics/value.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';
import { toBase64 } from './base64.ts';
import { utf8Bytes } from './utf8.ts';

/** Bytes of the digest that name the value; the rank is counted from the 52 bits after them. */
const nameBytes = 7;

/** First bytes of a digest as one number; at most 6, so that it is exact. */
function leadingNumber(digest: Uint8Array, start: number, length: number): number {
  let number = 0;
  for (let index = start; index < start + length; index++) number = number * 256 + (digest[index] ?? 0);
  return number;
}

/** One more than the leading zeros of the 52 bits that follow the name, at most 52. */
function rankIn(digest: Uint8Array): number {
  const [high, low] = [leadingNumber(digest, nameBytes, 4), leadingNumber(digest, nameBytes + 4, 3) >>> 4];
  return Math.min(1 + (high === 0 ? 32 + Math.clz32(low) - 12 : Math.clz32(high)), maximumRank);
}

/**
 * 64-bit hash of a value, by which it is counted in `distinct`: rank * 2^56 + name of the sha256 of the UTF-8 text `<type>:<text>`. The
 * text: digits of integers and of unscaled decimals, epoch milliseconds, epoch days, the shortest digits of a float (-0 is 0), base64 of bytes. Null
 * for values that do not count: null, NaN, infinities, lists.
 */
export function valueHash(type: ColumnType, value: Value): bigint | null {
  if (value === null || isList(value) || (typeof value === 'number' && !Number.isFinite(value))) return null;
  const text = value instanceof Uint8Array ? toBase64(value) : String(value === 0 ? 0 : value);
  const digest = sha256(utf8Bytes(`${type}:${text}`));
  const name = BigInt(leadingNumber(digest, 0, 4)) * 2n ** 24n + BigInt(leadingNumber(digest, 4, nameBytes - 4));
  return BigInt(rankIn(digest)) * rankUnit + name;
}

/** 0 <= fingerprint < 2^62 of an event's canonical text: equal texts are one event where the source deduplicates. */
export function fingerprintOf(text: string): bigint {
  const digest = sha256(utf8Bytes(text));
  return (BigInt(leadingNumber(digest, 0, 4)) * 2n ** 32n + BigInt(leadingNumber(digest, 4, 4))) >> 2n;
}
