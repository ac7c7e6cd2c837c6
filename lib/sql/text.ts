import { maxInstantMillis, minInstantMillis } from '#semantics/time.ts';

/** A quoted identifier. Names come from the manifest (namePattern) or from lib/spec/layout.ts. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A varchar literal. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

export const table = (database: string, name: string): string => `${quoted(database)}.${quoted(name)}`;

export const bigint = (value: number | bigint): string => `BIGINT '${value}'`;

/** A double literal of a finite number, to the last bit. */
export const double = (value: number): string => value.toExponential().replace('e+', 'e');

const epoch = "TIMESTAMP '1970-01-01 00:00:00.000'";

/** Epoch milliseconds (bigint) of a timestamp(3) expression. */
export const toMillis = (timestamp: string): string => `date_diff('millisecond', ${epoch}, ${timestamp})`;

/** timestamp(3) literal of epoch milliseconds; the first or last instant there is for what lies outside years 0001 to 9999. */
export function instant(millis: number): string {
  const bounded = Math.min(Math.max(millis, minInstantMillis), maxInstantMillis);
  return `TIMESTAMP '${new Date(bounded).toISOString().replace('T', ' ').slice(0, -1)}'`;
}

/** Days from the epoch (bigint) in which epoch milliseconds lie; exact within years 0001 to 9999. */
const dayOfMillis = (millis: string): string => `CAST(floor(CAST(${millis} AS double) / 8.64e7) AS bigint)`;

const startOfDay = (millis: string): string => `date_add('day', ${dayOfMillis(millis)}, ${epoch})`;

/** timestamp(3) of epoch milliseconds, a bigint expression. In two steps: what date_add adds must fit 32 bits, or Trino fails. */
export const fromMillis = (millis: string): string =>
  `date_add('millisecond', ${millis} - ${dayOfMillis(millis)} * BIGINT '86400000', ${startOfDay(millis)})`;

/** UTC date `yyyy-MM-dd` (varchar) of epoch milliseconds. */
export const dateOfMillis = (millis: string): string => `substr(CAST(${startOfDay(millis)} AS varchar), 1, 10)`;

/** UTC date `yyyy-MM-dd` of an instant, for literals. */
export const dateText = (millis: number): string => new Date(millis).toISOString().slice(0, 10);

/** The smallest multiple of `step` that is >= the bigint expression, right for negative times too. */
export const roundedUp = (millis: string, step: number): string =>
  `(${millis} + mod(${step} - mod(${millis}, ${step}), ${step}))`;
