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

/** timestamp(3) of epoch milliseconds. */
export const fromMillis = (millis: string): string => `date_add('millisecond', ${millis}, ${epoch})`;

/** UTC date `yyyy-MM-dd` (varchar) of epoch milliseconds. */
export const dateOfMillis = (millis: string): string => `substr(CAST(${fromMillis(millis)} AS varchar), 1, 10)`;

/** UTC date `yyyy-MM-dd` of an instant, for literals. */
export const dateText = (millis: number): string => new Date(millis).toISOString().slice(0, 10);

/** The smallest multiple of `step` that is >= the bigint expression, right for negative times too. */
export const roundedUp = (millis: string, step: number): string =>
  `(${millis} + mod(${step} - mod(${millis}, ${step}), ${step}))`;
