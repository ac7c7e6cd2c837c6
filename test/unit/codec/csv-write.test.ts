import { describe, expect, it } from 'vitest';
import { writeCsv } from '#codec/csv-write.ts';
import type { RawColumn } from '#codec/parquet-read.ts';
import type { TypedColumn } from '#codec/parquet-write.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';

const text = (...columns: (TypedColumn | RawColumn)[]): string => new TextDecoder().decode(writeCsv(columns));
const cells = (type: ColumnType, ...values: Value[]): string[] =>
  text({ name: 'a', type, values }).split('\r\n').slice(1, -1);

describe('writeCsv', () => {
  it('tells null from an empty text, and quotes only what must be', () => {
    expect(cells('string', null, '', 'a', 'a,b', '"', 'a\nb', 'a\rb', ' ö ', 'NaN', '007')).toEqual([
      '',
      '""',
      'a',
      '"a,b"',
      '""""',
      '"a\nb"',
      '"a\rb"',
      ' ö ',
      'NaN',
      '007',
    ]);
  });

  it('ends every line with CRLF, names the columns first, and quotes names too', () => {
    const a: TypedColumn = { name: 'a', type: 'int32', values: [1, null] };
    const b: TypedColumn = { name: 'b "c"', type: 'bool', values: [true, false] };
    expect(text(a, b)).toBe('a,"b ""c"""\r\n1,true\r\n,false\r\n');
  });

  it('keeps every digit of numbers', () => {
    expect(cells('int64', 2n ** 63n - 1n, -(2n ** 63n))).toEqual(['9223372036854775807', '-9223372036854775808']);
    expect(cells('decimal(20,2)', 12345678901234567890n, -5n)).toEqual(['123456789012345678.90', '-0.05']);
    expect(cells('float64', 0.1, 1e300, 5e-324, -0, 3)).toEqual(['0.1', '1e+300', '5e-324', '-0', '3']);
    expect(cells('float64', Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)).toEqual([
      'NaN',
      'Infinity',
      '-Infinity',
    ]);
    expect(cells('float32', Math.fround(0.1)).map(Number)).toEqual([Math.fround(0.1)]);
  });

  it('writes times, dates and bytes', () => {
    expect(cells('timestamp', 0, -1, 1_385_000_000_123)).toEqual([
      '1970-01-01T00:00:00.000Z',
      '1969-12-31T23:59:59.999Z',
      '2013-11-21T02:13:20.123Z',
    ]);
    expect(cells('date', 0, -1)).toEqual(['1970-01-01', '1969-12-31']);
    expect(cells('bytes', Uint8Array.of(1, 255), new Uint8Array(), null)).toEqual(['Af8=', '""', '']);
  });

  it('writes lists as JSON, with all digits', () => {
    expect(cells('list<int64>', [1n, null, 2n ** 60n], [], null)).toEqual(['"[1,null,1152921504606846976]"', '[]', '']);
    expect(cells('list<string>', ['a"', ''])).toEqual([String.raw`"[""a\"""",""""]"`]);
    expect(cells('list<float64>', [1.5, Number.NaN, Number.NEGATIVE_INFINITY])).toEqual([
      '"[1.5,""NaN"",""-Infinity""]"',
    ]);
    expect(cells('list<timestamp>', [0])).toEqual(['"[""1970-01-01T00:00:00.000Z""]"']);
  });

  it('leaves instants of a spine as fine as they are', () => {
    const raw = (unit: 'MICROS' | 'NANOS', ...values: bigint[]): RawColumn => ({
      name: 't',
      elements: [{ name: 't', type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit } }],
      values,
    });
    expect(text(raw('MICROS', 1_000_001n, -1n))).toBe(
      't\r\n1970-01-01T00:00:01.000001Z\r\n1969-12-31T23:59:59.999999Z\r\n',
    );
    expect(text(raw('NANOS', 1n))).toBe('t\r\n1970-01-01T00:00:00.000000001Z\r\n');
    expect(() => text(raw('MICROS', 2n ** 62n))).toThrow(/^column t cannot be written as CSV: .*years 0001\.\.9999/);
  });

  it('refuses what has no text, and names the column', () => {
    const time: RawColumn = {
      name: 'at',
      elements: [{ name: 'at', type: 'INT64', logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MICROS' } }],
      values: [1n],
    };
    expect(() => text(time)).toThrow('column at cannot be written as CSV: its type has no text in CSV; write Parquet');
  });

  it('is the same text however many rows are put together at once', () => {
    const values = Array.from({ length: 20_001 }, (_, row) => row);
    expect(cells('int32', ...values)).toEqual(values.map(String));
  });
});
