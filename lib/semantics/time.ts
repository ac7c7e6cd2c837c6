import { TidemarkError } from '#spec/errors.ts';

/** Epoch milliseconds of 0001-01-01T00:00:00.000Z (inclusive). */
export const minInstantMillis = -62_135_596_800_000;
/** Epoch milliseconds of 9999-12-31T23:59:59.999Z (inclusive). */
export const maxInstantMillis = 253_402_300_799_999;
export const dayMillis = 86_400_000;

/** True for whole epoch milliseconds in years 0001..9999. */
export const isInstant = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= minInstantMillis && value <= maxInstantMillis;

const isoPattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/;

const refuse = (text: string, problem: string): TidemarkError =>
  new TidemarkError('semantics.invalidInstant', `invalid time ${JSON.stringify(text.slice(0, 60))}: ${problem}`, {
    details: { got: text.slice(0, 60) },
  });

const daysOfMonth = (year: number, month: number): number =>
  month === 2 ? (isLeapYear(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Days from 1970-01-01 of a day in the proleptic Gregorian calendar (month 1..12). */
const epochDays = (year: number, month: number, day: number): number => {
  const shifted = new Date(0); // Date.UTC reads years 0..99 as 1900..1999
  shifted.setUTCFullYear(year, month - 1, day);
  return shifted.getTime() / dayMillis;
};

/** Minutes east of UTC of `Z`, `+hh`, `+hhmm` or `+hh:mm`; undefined beyond 18 hours. */
function offsetMinutes(text: string): number | undefined {
  if (text === 'Z' || text === 'z') return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(':', '') || 0)];
  if (minutes > 59 || hours * 60 + minutes > 18 * 60) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** Milliseconds of the digits after the point; digits finer than a millisecond round up (never visible too early). */
const fractionMillis = (digits: string): number =>
  Number(digits.slice(0, 3).padEnd(3, '0')) + (/[1-9]/.test(digits.slice(3)) ? 1 : 0);

/**
 * Epoch milliseconds of an ISO 8601 text with `Z` or an offset (`2026-11-21T10:00:00.5+02:00`; a space may replace `T`, seconds
 * may be left out). Digits finer than a millisecond round up. Throws semantics.invalidInstant for a date alone, a time without
 * offset, days that do not exist, and years outside 0001..9999.
 */
export function parseInstant(text: string): number {
  const match = isoPattern.exec(text.trim());
  if (!match)
    throw refuse(text, 'allowed is ISO 8601 with an offset, as 2026-11-21T10:00:00Z or 2026-11-21T10:00:00.250+02:00');
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (match[4] === undefined)
    throw refuse(
      text,
      `a date alone is not an instant; write ${text.trim()}T00:00:00Z for the start of that day in UTC`,
    );
  const zone = match[8];
  if (zone === undefined)
    throw refuse(text, `there is no offset, so the instant is unknown; write ${text.trim()}Z if it is UTC`);
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6] ?? 0)];
  if (month < 1 || month > 12) throw refuse(text, `month ${month} does not exist; allowed is 01..12`);
  if (day < 1 || day > daysOfMonth(year, month))
    throw refuse(text, `day ${day} does not exist; ${match[1]}-${match[2]} has ${daysOfMonth(year, month)} days`);
  if (hour > 23 || minute > 59 || second > 59)
    throw refuse(text, 'hours are 00..23, minutes and seconds 00..59 (leap seconds are not counted)');
  const offset = offsetMinutes(zone);
  if (offset === undefined) throw refuse(text, `offset ${zone} does not exist; allowed is -18:00..+18:00`);
  const millis =
    epochDays(year, month, day) * dayMillis +
    ((hour * 60 + minute - offset) * 60 + second) * 1000 +
    fractionMillis(match[7] ?? '');
  if (year < 1 || !isInstant(millis)) throw refuse(text, 'allowed are years 0001..9999 UTC');
  return millis;
}

/**
 * As parseInstant, and whole epoch milliseconds as text (`1795255200000`), where an option says that both are allowed. Texts of
 * fewer than 5 digits are refused: they look like a year.
 */
export function parseInstantOrMillis(text: string): number {
  if (!/^-?\d+$/.test(text.trim())) return parseInstant(text);
  const millis = Number(text.trim());
  if (text.trim().replace('-', '').length < 5 && millis !== 0)
    throw refuse(text, 'epoch milliseconds have more digits; write ISO 8601 with an offset or the milliseconds');
  if (!isInstant(millis)) throw refuse(text, 'epoch milliseconds must lie in years 0001..9999');
  return millis;
}

/** ISO 8601 in UTC with milliseconds: `2026-11-21T10:00:00.000Z`. Throws semantics.invalidInstant outside years 0001..9999. */
export function formatInstant(millis: number): string {
  if (!isInstant(millis)) throw refuse(String(millis), 'epoch milliseconds must be whole and lie in years 0001..9999');
  return new Date(millis).toISOString();
}

/** UTC date `yyyy-MM-dd` of an instant. */
export const utcDate = (millis: number): string => formatInstant(millis).slice(0, 10);
