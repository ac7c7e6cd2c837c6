import { exponentEnd, minimumExponent, powersOfTwo } from '#semantics/stream/ddsketch.ts';
import type { Column } from '#spec/manifest.ts';
import { decimalParts } from '#spec/value-type.ts';
import { countsValue, type EventValue, usableValue } from './event-values.ts';
import { double } from './text.ts';

/** The usable value as a double; of a decimal, its digits over the power of ten. */
function number(value: EventValue, schema: readonly Column[]): string {
  const usable = usableValue(value, schema);
  const decimal = decimalParts(value.type);
  if (!decimal) return `CAST(${usable} AS double)`;
  const digits = `CAST(${usable} * CAST('1${'0'.repeat(decimal.scale)}' AS decimal(${decimal.scale + 1},0)) AS decimal(38,0))`;
  return `CAST(${digits} AS double) / 1e${decimal.scale}`;
}

const isWithin = (value: EventValue, schema: readonly Column[]): string =>
  `abs(${number(value, schema)}) < ${double(2 ** exponentEnd)}`;

/** The event's value as a double below 2^63 in magnitude; null where there is none. */
export const quantileNumber = (value: EventValue, schema: readonly Column[]): string =>
  `CASE WHEN ${isWithin(value, schema)} THEN ${number(value, schema)} END`;

/** 1 where the event's value is too great to have a bucket, else null (bigint). */
export const quantileBeyond = (value: EventValue, schema: readonly Column[]): string =>
  `CASE WHEN NOT (${isWithin(value, schema)}) THEN ${countsValue(value, schema)} END`;

/** The literal of 2^e for each e, as a search among them: `leaf(e)` where 2^e <= magnitude < 2^(e+1). */
function search(magnitude: string, leaf: (exponent: number) => string): string {
  const among = (first: number, end: number): string => {
    if (end - first === 1) return leaf(first);
    const middle = Math.floor((first + end) / 2);
    const power = powersOfTwo[middle - minimumExponent] ?? 0;
    return `CASE WHEN ${magnitude} < ${double(power)} THEN ${among(first, middle)} ELSE ${among(middle, end)} END`;
  };
  return among(minimumExponent, exponentEnd);
}

const leastPower = powersOfTwo[0] ?? 0;

/** Greatest power of two that is at most `magnitude` (a short name of a double in [0, 2^63)); the least one for whatever is less. */
export const powerBelow = (magnitude: string): string =>
  search(magnitude, (exponent) => double(powersOfTwo[exponent - minimumExponent] ?? 0));

/** Says what the name stands for: only doubles are divided (docs/adr/0002). */
const asDouble = (name: string): string => `CAST(${name} AS double)`;

/** Part of its power's range in which a magnitude lies, counted from 0, as a double. */
const part = (magnitude: string, power: string, parts: string): string =>
  `floor((${asDouble(magnitude)} / ${asDouble(power)} - 1e0) * ${asDouble(parts)})`;

interface BucketNames {
  /** The value; its magnitude; powerBelow of it; parts of a power: all names of doubles. */
  readonly value: string;
  readonly magnitude: string;
  readonly power: string;
  readonly parts: string;
}

/** The value that stands for a value's bucket: equal for all of the bucket, in the order of buckets. */
export function bucketMiddle({ value, magnitude, power, parts }: BucketNames): string {
  const middle = `${power} * (1e0 + (${part(magnitude, power, parts)} + 5e-1) / ${asDouble(parts)})`;
  return `CASE WHEN ${magnitude} < ${double(leastPower)} THEN 0e0 WHEN ${value} < 0e0 THEN -(${middle}) ELSE ${middle} END`;
}

/** The bucket's integer as bigint (lib/semantics/stream/ddsketch.ts): its order is that of the values. */
export function bucketNumber({ value, magnitude, power, parts }: BucketNames): string {
  const steps = search(magnitude, (exponent) => double(exponent - minimumExponent));
  const bucket = `CAST((${steps}) * ${asDouble(parts)} + ${part(magnitude, power, parts)} + 1e0 AS bigint)`;
  return `CASE WHEN ${magnitude} < ${double(leastPower)} THEN BIGINT '0' WHEN ${value} < 0e0 THEN -${bucket} ELSE ${bucket} END`;
}
