import { expect, it } from 'vitest';
import { type EventRow, eventJson, eventReader, unknownFields } from '#codec/event-json.ts';
import { utf8Bytes } from '#codec/utf8.ts';
import type { ColumnType } from '#spec/value-type.ts';

const schema = [
  { name: 'trip_id', type: 'string' },
  { name: 'driver_id', type: 'int64' },
  { name: 'rating', type: 'int32' },
  { name: 'fare', type: 'decimal(10,2)' },
  { name: 'distance', type: 'float64' },
  { name: 'short_distance', type: 'float32' },
  { name: 'is_pooled', type: 'bool' },
  { name: 'happened_at', type: 'timestamp' },
  { name: 'day', type: 'date' },
  { name: 'photo', type: 'bytes' },
  { name: 'stops', type: 'list<int64>' },
  { name: 'constructor', type: 'string' },
] satisfies { name: string; type: ColumnType }[];
const source = { schema };
const read = eventReader(source);
const readText = (text: string) => read(utf8Bytes(text));
const nothing: EventRow = Object.fromEntries(schema.map(({ name }) => [name, null]));

it('reads every type from the forms that the HTTP API takes', () => {
  const text = `{ "trip_id": "t1", "driver_id": 9007199254740993, "rating": 5, "fare": "12.5", "distance": 1e2, "short_distance": 0.1,
    "is_pooled": true, "happened_at": "2024-03-01T12:00:00+02:00", "day": "2024-02-29", "photo": "AQI=", "stops": ["9223372036854775807", 2, null] }`;
  expect(readText(text)).toEqual({
    kind: 'row',
    row: {
      ...nothing,
      trip_id: 't1',
      driver_id: 9007199254740993n,
      rating: 5,
      fare: 1250n,
      distance: 100,
      short_distance: Math.fround(0.1),
      is_pooled: true,
      happened_at: Date.UTC(2024, 2, 1, 10),
      day: Date.UTC(2024, 1, 29) / 86_400_000,
      photo: Uint8Array.of(1, 2),
      stops: [9223372036854775807n, 2n, null],
    },
  });
});

it('takes epoch milliseconds, digits as text, names of special floats and whole decimals', () => {
  const text =
    '{"happened_at":1709287200000,"driver_id":"-42","distance":"-Infinity","short_distance":"NaN","fare":-7}';
  expect(readText(text)).toEqual({
    kind: 'row',
    row: {
      ...nothing,
      happened_at: 1709287200000,
      driver_id: -42n,
      distance: Number.NEGATIVE_INFINITY,
      short_distance: Number.NaN,
      fare: -700n,
    },
  });
});

it('takes a missing field for null, also one that every object inherits, and ignores unknown ones', () => {
  expect(readText('{}')).toEqual({ kind: 'row', row: nothing });
  expect(readText('{"driver_id":null,"weather":{"wind":[1]},"__proto__":{"rating":1}}')).toEqual({
    kind: 'row',
    row: nothing,
  });
  expect(unknownFields(source, { driver_id: 1, weather: 2, toString: 3 })).toEqual(['weather', 'toString']);
});

it.each([
  ['driver_id', '1.5'],
  ['driver_id', '9223372036854775808'],
  ['driver_id', '"one"'],
  ['driver_id', 'true'],
  ['rating', '2147483648'],
  ['rating', '"5"'],
  ['fare', '12.5'],
  ['fare', '"12.505"'],
  ['fare', '"123456789.00"'],
  ['fare', '"1e2"'],
  ['fare', '""'],
  ['fare', '[1]'],
  ['distance', '"1.5"'],
  ['short_distance', '1e39'],
  ['is_pooled', '1'],
  ['happened_at', '"2024-03-01"'],
  ['happened_at', '"2024-03-01T12:00:00"'],
  ['happened_at', '1.5'],
  ['day', '"2023-02-29"'],
  ['day', '"2024-03-01T00:00:00Z"'],
  ['day', '19783'],
  ['photo', '"not base64"'],
  ['stops', '5'],
  ['stops', '[1,"x"]'],
  ['trip_id', '7'],
  ['trip_id', '"\\ud800"'],
])('names the one bad field: %s is %s', (field, json) => {
  const good: Record<string, string> = { trip_id: '"t"', rating: '1', happened_at: '1' };
  const members = Object.entries({ ...good, [field]: json }).map(([name, value]) => `"${name}":${value}`);
  const reading = readText(`{${members.join(',')}}`);
  expect(reading).toMatchObject({ kind: 'unreadable', reason: 'wrongType' });
  expect(reading.kind === 'unreadable' && reading.detail).toMatch(new RegExp(`^field ${field} (item 1 )?(must|has)`));
});

it.each([
  ['text that is no JSON', utf8Bytes('driver 7')],
  ['half an object', utf8Bytes('{"driver_id":7')],
  ['nothing', new Uint8Array(0)],
  ['a list', utf8Bytes('[{"driver_id":7}]')],
  ['null', utf8Bytes('null')],
  ['a number', utf8Bytes('7')],
  ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
  ['a byte order mark', utf8Bytes('\ufeff{}')],
])('calls %s no JSON object', (_, data) => {
  expect(read(data)).toMatchObject({ kind: 'unreadable', reason: 'notJson', detail: expect.stringMatching(/^must/) });
});

it('refuses deep nesting by its depth alone, wherever it stands, and not brackets in a text', () => {
  const nested = (depth: number): string => `{"other":${'['.repeat(depth)}1234567890123456789${']'.repeat(depth)}}`;
  expect(readText(nested(99)).kind).toBe('row');
  for (const depth of [100, 1_000, 400_000])
    expect(readText(nested(depth))).toMatchObject({
      reason: 'notJson',
      detail: 'must not nest deeper than 100 levels',
    });
  expect(readText(`{"trip_id":"\\"${'[{'.repeat(1_000)}"}`).kind).toBe('row');
});

it('writes one text for equal rows: columns by name, nulls left out, decimals and days in full', () => {
  const row = { ...nothing, trip_id: 'é"', fare: -5n, day: -1, distance: -0, driver_id: 2n ** 63n - 1n };
  expect(eventJson(source, row)).toBe(
    '{"day":"1969-12-31","distance":0,"driver_id":9223372036854775807,"fare":"-0.05","trip_id":"é\\""}',
  );
  const more = { schema: [...schema.toReversed(), { name: 'added', type: 'bool' as const }] };
  expect(eventJson(more, { ...row, added: null })).toBe(eventJson(source, row));
  expect(() => eventJson(source, { ...nothing, day: 2 ** 31 - 1 })).toThrow(RangeError);
});
