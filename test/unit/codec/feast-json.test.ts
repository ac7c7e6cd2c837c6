import { describe, expect, it } from 'vitest';
import { feastInstant, feastWriter, readFeastKey, readFeastValue } from '#codec/feast-json.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';

const at = Date.UTC(2026, 0, 31, 9, 30);

describe('values as Feast writes them', () => {
  it.each<[FeatureType, Value, string]>([
    ['float64', 2, '2.0'],
    ['float64', -0, '0.0'],
    ['float64', 0.1, '0.1'],
    ['float64', 1e20, '100000000000000000000.0'],
    ['float64', 1e21, '1e+21'],
    ['float64', Number.NaN, '"NaN"'],
    ['float64', Number.NEGATIVE_INFINITY, '"-Infinity"'],
    ['float32', Math.fround(0.1), '0.10000000149011612'],
    ['int32', 2, '2'],
    ['int64', 2n ** 63n - 1n, '9223372036854775807'],
    ['bool', true, 'true'],
    ['string', '"', '"\\""'],
    ['timestamp', at + 999, `${at / 1000}`],
    ['bytes', Uint8Array.of(255), '"/w=="'],
    ['list<float64>', [1, null, 0.5], '[1.0,null,0.5]'],
    ['list<int64>', [], '[]'],
    ['list<string>', null, 'null'],
  ])('%s %s is %s', (type, value, text) => {
    expect(feastWriter(type)(value)).toBe(text);
  });

  it('has milliseconds in an event time only where there are some', () => {
    expect([feastInstant(at), feastInstant(at + 7), feastInstant(-1000)]).toEqual([
      '2026-01-31T09:30:00Z',
      '2026-01-31T09:30:00.007Z',
      '1969-12-31T23:59:59Z',
    ]);
  });
});

describe('values as Feast reads them', () => {
  it.each<[unknown, number | null]>([
    ['2026-01-31T09:30:00Z', at],
    ['2026-01-31T11:30:00+02:00', at],
    ['2026-01-31T09:30:00', at],
    ['2026-01-31 09:30', at],
    ['2026-01-31T09:30:00.123456', at + 124],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    [at / 1000, at],
    [at / 1000 + 0.12, at + 120],
    [-(2n ** 63n), null],
    [null, null],
  ])('the timestamp %s is %s', (json, value) => {
    expect(readFeastValue('timestamp', json)).toEqual({ value });
  });

  it.each([['soon'], ['2026-02-30'], [true], [1e300], [['2026-01-31']]])('there is no timestamp %s', (json) => {
    expect(readFeastValue('timestamp', json)).toEqual({ problem: expect.stringMatching(/must be|invalid/) });
  });

  it('reads each timestamp of a list alike, and says which is none', () => {
    expect(readFeastValue('list<timestamp>', [1, null, '1970-01-01T00:00:02'])).toEqual({ value: [1000, null, 2000] });
    expect(readFeastValue('list<timestamp>', [1, 'x'])).toEqual({ problem: expect.stringMatching(/^item 1 must be/) });
  });

  it('turns keys into their type where nothing is lost, and never guesses', () => {
    expect(readFeastKey('int64', ' +7 ')).toEqual({ value: 7n });
    expect(readFeastKey('int64', '-9223372036854775808')).toEqual({ value: -(2n ** 63n) });
    expect(readFeastKey('int32', false)).toEqual({ value: 0 });
    expect(readFeastKey('string', 12345678901234567890n)).toEqual({ value: '12345678901234567890' });
    for (const [type, json] of [
      ['int64', '9223372036854775808'],
      ['int64', 1.5],
      ['int32', '2147483648'],
      ['int64', ''],
      ['string', 1.5],
      ['string', true],
    ] as const)
      expect(readFeastKey(type, json), `${type} ${json}`).toHaveProperty('problem');
  });
});
