import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type EventRow, eventJson } from '#codec/event-json.ts';
import { utf8Bytes } from '#codec/utf8.ts';
import type { StreamSource } from '#spec/manifest.ts';

/** 128 bits: what Kinesis itself makes of a key. */
const keyDigits = 32;

/**
 * Gives the partition key of an event: 32 hexadecimal digits, equal for rows that are equal in the source's `partitionBy` columns as they
 * are typed (1001 as a number or as its digits, NaN in whatever way), nulls too. A hash, so that no key is too long for
 * Kinesis and no value of it shows in Kinesis' own logs.
 */
export function partitionKeys(source: StreamSource): (row: EventRow) => string {
  const columns = { schema: source.schema.filter(({ name }) => source.partitionBy.includes(name)) };
  return (row) => bytesToHex(sha256(utf8Bytes(eventJson(columns, row)))).slice(0, keyDigits);
}
