import { expect, it } from 'vitest';
import { parseWireJson, readWireValue, wireWriter } from '#codec/wire-json.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';

it.each<[FeatureType, Value, string]>([
  ['int64', 9223372036854775807n, '9223372036854775807'],
  ['int64', -9007199254740993n, '-9007199254740993'],
  ['int32', -1, '-1'],
  ['float64', 0.1, '0.1'],
  ['float64', 1e21, '1e+21'],
  ['float64', Number.NaN, '"NaN"'],
  ['float32', Number.NEGATIVE_INFINITY, '"-Infinity"'],
  ['string', 'a"\n😀', '"a\\"\\n😀"'],
  ['bool', false, 'false'],
  ['timestamp', 1_700_000_000_120, '"2023-11-14T22:13:20.120Z"'],
  ['timestamp', -62_135_596_800_000, '"0001-01-01T00:00:00.000Z"'],
  ['bytes', Uint8Array.of(0, 255), '"AP8="'],
  ['list<int64>', [1n, null], '[1,null]'],
  ['list<float64>', [Number.NaN], '["NaN"]'],
  ['list<string>', [], '[]'],
  ['list<string>', null, 'null'],
  ['string', null, 'null'],
])('writes %s %s', (type, value, text) => {
  expect(wireWriter(type)(value)).toBe(text);
});

it('writes int64 as strings on request, and nothing else', () => {
  expect(wireWriter('int64', { int64: 'string' })(5n)).toBe('"5"');
  expect(wireWriter('list<int64>', { int64: 'string' })([5n, null])).toBe('["5",null]');
  expect(wireWriter('int32', { int64: 'string' })(5)).toBe('5');
  expect(wireWriter('int64', { int64: 'string' })(null)).toBe('null');
});

it('keeps all digits of whole numbers, and reads other JSON as JSON.parse does', () => {
  expect(parseWireJson('{"a":[9223372036854775807,-9007199254740993],"b":9007199254740991}')).toEqual({
    a: [9223372036854775807n, -9007199254740993n],
    b: 9007199254740991,
  });
  const other = '{"a":1e400,"b":"12345678901234567890","c":1.2345678901234567890,"d":null,"e":12345678901234567890.5}';
  expect(parseWireJson(other)).toEqual(JSON.parse(other));
  expect(() => parseWireJson('{"a":')).toThrow(SyntaxError);
  expect(() => parseWireJson('')).toThrow(SyntaxError);
});

it('takes no whole number of more digits than any type has for an exact one, and none beyond float64 for an infinity', () => {
  expect(parseWireJson(`[${'9'.repeat(40)},${'9'.repeat(41)}]`)).toEqual([10n ** 40n - 1n, 1e41]);
  for (const type of ['float32', 'float64'] as const)
    for (const text of ['1e999', '-1e999', '9'.repeat(400)])
      expect([text, readWireValue(type, parseWireJson(text))]).toEqual([
        text,
        { problem: expect.stringMatching(/^must be a number within the range of .*, got -?Infinity$/) },
      ]);
});

it('says of what is nested beyond the stack that it is, and of nothing that it is the stack', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  expect(() => parseWireJson(deep.replace('[]', '[12345678901234567890]'))).toThrow(
    new SyntaxError('it is nested too deeply'),
  );
  for (const type of ['int64', 'float64', 'timestamp', 'bytes'] as const)
    expect(readWireValue(type, parseWireJson(deep))).toEqual({
      problem: expect.stringMatching(/, got something nested too deeply$/),
    });
  expect(readWireValue('list<string>', { deep: parseWireJson(deep) })).toEqual({
    problem: 'must be a list, got something nested too deeply',
  });
});

it.each<[FeatureType, unknown, Value]>([
  ['int64', 5, 5n],
  ['int64', '-9223372036854775808', -9223372036854775808n],
  ['int64', 9223372036854775807n, 9223372036854775807n],
  ['int32', 5, 5],
  ['float64', 9007199254740993n, 9007199254740992],
  ['float64', '-Infinity', Number.NEGATIVE_INFINITY],
  ['float32', 0.1, Math.fround(0.1)],
  ['timestamp', '2023-11-14T22:13:20.120001Z', 1_700_000_000_121],
  ['timestamp', 1_700_000_000_120, 1_700_000_000_120],
  ['bytes', 'AP8=', Uint8Array.of(0, 255)],
  ['list<int64>', [1, '2', null], [1n, 2n, null]],
  ['string', undefined, null],
  ['list<string>', null, null],
])('reads %s from %s', (type, json, value) => {
  expect(readWireValue(type, json)).toStrictEqual({ value });
});

it.each<[FeatureType, unknown, RegExp]>([
  ['int64', 1.5, /whole number in -2\^63.*got 1\.5/],
  ['int64', '9223372036854775808', /got "9223372036854775808"/],
  ['int64', 9223372036854775808n, /got 9223372036854775808/],
  ['int64', '1e3', /got "1e3"/],
  ['int64', '', /got ""/],
  ['int32', 2147483648, /-2\^31/],
  ['int32', '5', /must be a whole number/],
  ['float64', 'nan', /'NaN'.*got "nan"/],
  ['float64', true, /got true/],
  ['string', 5, /must be a string/],
  ['float32', 1e39, /within the range of float32.*got 1e\+39/],
  ['string', '\ud83d', /valid Unicode/],
  ['bool', 1, /true or false/],
  ['timestamp', '2023-11-14', /date alone/],
  ['timestamp', '2023-11-14T22:13:20', /no offset/],
  ['timestamp', 1.5, /ISO 8601/],
  ['bytes', 'AP8', /base64/],
  ['bytes', 5, /base64/],
  ['list<int64>', 5, /must be a list, got 5/],
  ['list<int64>', { a: 2n ** 63n }, /must be a list, got \{"a":"9223372036854775808"\}/],
  ['int64', [2n ** 63n], /must be a whole number .* got \["9223372036854775808"\]/],
  ['list<int64>', [1, 'x'], /item 1 must be a whole number/],
  ['list<int64>', [[1]], /item 0 must be/],
  ['string', { a: 1 }, /an object/],
])('says what is wrong with %s %s', (type, json, problem) => {
  expect(readWireValue(type, json)).toEqual({ problem: expect.stringMatching(problem) });
});
