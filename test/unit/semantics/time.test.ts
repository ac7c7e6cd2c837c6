import { expect, it } from 'vitest';
import { firstTickAfter, newestTick, ticksIn } from '#semantics/ticks.ts';
import { formatInstant, isInstant, parseInstant, parseInstantOrMillis, utcDate } from '#semantics/time.ts';

it.each([
  ['2026-11-21T10:00:00Z', Date.UTC(2026, 10, 21, 10)],
  ['2026-11-21t10:00:00z', Date.UTC(2026, 10, 21, 10)],
  ['2026-11-21 10:00:00Z', Date.UTC(2026, 10, 21, 10)],
  [' 2026-11-21T10:00Z ', Date.UTC(2026, 10, 21, 10)],
  ['2026-11-21T10:00:00+02:00', Date.UTC(2026, 10, 21, 8)],
  ['2026-11-21T10:00:00-0530', Date.UTC(2026, 10, 21, 15, 30)],
  ['2026-11-21T10:00:00+01', Date.UTC(2026, 10, 21, 9)],
  ['2026-11-21T10:00:00.1Z', Date.UTC(2026, 10, 21, 10) + 100],
  ['2026-11-21T10:00:00,123Z', Date.UTC(2026, 10, 21, 10) + 123],
  ['2026-11-21T10:00:00.123000Z', Date.UTC(2026, 10, 21, 10) + 123],
  ['2026-11-21T10:00:00.123001Z', Date.UTC(2026, 10, 21, 10) + 124],
  ['2026-11-21T10:00:00.000000001Z', Date.UTC(2026, 10, 21, 10) + 1],
  ['2026-12-31T23:59:59.9999Z', Date.UTC(2027, 0, 1)],
  ['1969-12-31T23:59:59.999Z', -1],
  ['1969-12-31T23:59:59.9989Z', -1],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ['0099-03-01T00:00:00Z', -59_037_897_600_000],
  ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
])('reads %s', (text, millis) => {
  expect(parseInstant(text)).toBe(millis);
});

it.each([
  ['2026-11-21', /a date alone.*write 2026-11-21T00:00:00Z/],
  ['2026-11-21T10:00:00', /no offset.*write 2026-11-21T10:00:00Z if it is UTC/],
  ['2026-11-21 10:00:00.5', /no offset/],
  ['2023-02-29T00:00:00Z', /day 29 does not exist; 2023-02 has 28 days/],
  ['1900-02-29T00:00:00Z', /28 days/],
  ['2026-04-31T00:00:00Z', /30 days/],
  ['2026-00-01T00:00:00Z', /month 0/],
  ['2026-13-01T00:00:00Z', /month 13/],
  ['2026-01-00T00:00:00Z', /day 0/],
  ['2026-01-01T24:00:00Z', /hours are 00..23/],
  ['2026-01-01T10:60:00Z', /minutes/],
  ['2026-12-31T23:59:60Z', /leap seconds/],
  ['2026-01-01T10:00:00+19:00', /offset \+19:00/],
  ['2026-01-01T10:00:00+02:61', /offset \+02:61/],
  ['0000-06-01T00:00:00Z', /years 0001..9999/],
  ['0001-01-01T00:00:00+01:00', /years 0001..9999/],
  ['9999-12-31T23:59:59.9999Z', /years 0001..9999/],
  ['1700000000000', /ISO 8601/],
  ['yesterday', /ISO 8601/],
  ['', /ISO 8601/],
  ['2026-11-21T10:00:00Z[Europe/Paris]', /ISO 8601/],
])('refuses %s', (text, problem) => {
  expect(() => parseInstant(text)).toThrow(problem);
  expect(() => parseInstant(text)).toThrow(
    expect.objectContaining({ code: 'semantics.invalidInstant', kind: 'invalid' }),
  );
});

it('takes epoch milliseconds as text where both are allowed, but not what looks like a year', () => {
  expect(parseInstantOrMillis('1700000000000')).toBe(1_700_000_000_000);
  expect(parseInstantOrMillis('-86400000')).toBe(-86_400_000);
  expect(parseInstantOrMillis('0')).toBe(0);
  expect(parseInstantOrMillis('2023-11-14T22:13:20Z')).toBe(1_700_000_000_000);
  expect(() => parseInstantOrMillis('2026')).toThrow('more digits');
  expect(() => parseInstantOrMillis('999999999999999')).toThrow('years 0001..9999');
  expect(() => parseInstantOrMillis('1.5')).toThrow('ISO 8601');
});

it('writes instants in UTC with milliseconds, and refuses what is none', () => {
  expect(formatInstant(1_700_000_000_120)).toBe('2023-11-14T22:13:20.120Z');
  expect(formatInstant(-62_135_596_800_000)).toBe('0001-01-01T00:00:00.000Z');
  expect(utcDate(-1)).toBe('1969-12-31');
  for (const millis of [253_402_300_800_000, -62_135_596_800_001, 0.5, Number.NaN]) {
    expect(isInstant(millis)).toBe(false);
    expect(() => formatInstant(millis)).toThrow('years 0001..9999');
  }
});

it('finds ticks at, before and after an instant', () => {
  expect([newestTick(60, 60), newestTick(59, 60), newestTick(-1, 60)]).toEqual([60, 0, -60]);
  expect([firstTickAfter(60, 60), firstTickAfter(59, 60), firstTickAfter(-1, 60)]).toEqual([120, 60, 0]);
});

it('leaves out the tick at the start of an interval and takes the one at its end', () => {
  expect([...ticksIn({ fromMillis: 60, toMillis: 180 }, 60)]).toEqual([120, 180]);
  expect([...ticksIn({ fromMillis: 61, toMillis: 179 }, 60)]).toEqual([120]);
  expect([...ticksIn({ fromMillis: 60, toMillis: 60 }, 60)]).toEqual([]);
});
