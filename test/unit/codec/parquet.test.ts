import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesSource, openParquet, readColumns, readRawColumns } from '#codec/parquet-read.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';

const bytesOf = (name: string): Uint8Array =>
  readFileSync(new URL(`../../golden/parquet/${name}.parquet`, import.meta.url));
const golden = (name: string) => openParquet(bytesSource(bytesOf(name)));

/** What another writer (Arrow) put into types-*.parquet, with null in the middle. */
const expected: Readonly<Record<string, readonly [ColumnType, Value, Value]>> = {
  i8: ['int32', 1, -128],
  u32: ['int64', 4294967295n, 0n],
  i32: ['int32', 2147483647, -2147483648],
  i64: ['int64', 9223372036854775807n, -9223372036854775808n],
  f32: ['float32', 1.5, Number.NaN],
  f64: ['float64', 0.1, Number.POSITIVE_INFINITY],
  b: ['bool', true, false],
  s: ['string', '\ufeffé😀', ''],
  by: ['bytes', Uint8Array.of(0, 255), new Uint8Array(0)],
  ms: ['timestamp', 1700000000123, -1],
  us: ['timestamp', 1700000000124, 0],
  ns: ['timestamp', 1700000000124, -1],
  d: ['date', 20454, -1],
  dec9: ['decimal(9,2)', 105n, -999999999n],
  dec18: ['decimal(18,2)', 105n, -999999999999999999n],
  dec38: ['decimal(38,8)', 12345678901234567890123456789012345678n, -1n],
  ls: ['list<string>', ['a', null, '😀'], []],
  li: ['list<int64>', [9007199254740993n, null], []],
  lt: ['list<timestamp>', [1700000000124], []],
};

describe.each(['snappy', 'gzip', 'zstd', 'none'])('a file of another writer, compression %s', (compression) => {
  it('gives every type exactly, finer times rounded up', async () => {
    const file = await golden(`types-${compression}`);
    const names = Object.keys(expected);
    const types = Object.fromEntries(file.columns.map(({ name, type }) => [name, type]));
    expect(types).toEqual({
      ...Object.fromEntries(Object.entries(expected).map(([name, [type]]) => [name, type])),
      st: undefined,
      tod: undefined,
    });
    const columns = await readColumns(
      file,
      names.map((name) => ({ name })),
    );
    for (const [index, [name, [, first, last]]] of Object.entries(expected).entries())
      expect(columns[index], name).toStrictEqual([first, null, last]);
  });

  it('survives a copy of its raw columns: the same schema and values', async () => {
    const file = await golden(`types-${compression}`);
    const names = file.columns.map(({ name }) => name).filter((name) => name !== 'st');
    const raw = await readRawColumns(file, names);
    const copy = await openParquet(bytesSource(writeParquet(raw)));
    // The width of small integers is written by the older of its two annotations.
    const schema = (columns: typeof file.columns) =>
      columns.flatMap(({ name, type, elements }) =>
        name === 'st'
          ? []
          : [
              {
                name,
                type,
                leaf: {
                  ...elements.at(-1),
                  logical_type:
                    elements.at(-1)?.logical_type?.type === 'INTEGER' ? undefined : elements.at(-1)?.logical_type,
                },
              },
            ],
      );
    expect(schema(copy.columns)).toEqual(schema(file.columns));
    expect(await readRawColumns(copy, names)).toEqual(
      raw.map((column, index) => ({ ...column, elements: copy.columns[index]?.elements })),
    );
  });
});

it('reads INT96 times, and copies them as INT64 nanoseconds', async () => {
  const file = await golden('int96');
  expect(await readColumns(file, [{ name: 'ns' }])).toEqual([[1700000000124, null, -1]]);
  const copy = await openParquet(bytesSource(writeParquet(await readRawColumns(file, ['k', 'ns']))));
  expect(copy.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['k int64', 'ns timestamp']);
  expect(await readRawColumns(copy, ['ns'])).toMatchObject([{ values: [1700000000123000001n, null, -1999999n] }]);
});

it.each([
  [0, 5000],
  [1690, 1710],
  [3333, 4999],
  [4999, 5000],
  [1700, 3400],
  [10, 10],
  [4990, 9000],
])('reads rows [%d, %d) across pages and row groups, lists included', async (rowStart, rowEndExclusive) => {
  const file = await golden('pages');
  expect(file.rowCount).toBe(5000);
  const columns = await readColumns(file, [{ name: 'x' }, { name: 'l' }, { name: 'id' }], {
    rowStart,
    rowEndExclusive,
  });
  const rows = Array.from({ length: Math.max(0, Math.min(5000, rowEndExclusive) - rowStart) }, (_, i) => rowStart + i);
  expect(columns).toEqual([
    rows.map((i) => (i % 5 === 0 ? null : i / 8)),
    rows.map((i) => (i % 7 === 0 ? null : Array.from({ length: i % 4 }, (_, j) => `${i}-${j}`))),
    rows.map((i) => BigInt(i)),
  ]);
});

const fileOf = (type: ColumnType, values: Value[]) =>
  openParquet(bytesSource(writeParquet([{ name: 'x', type, values }])));

it.each<[ColumnType, Value, { readonly as: ColumnType; readonly read: Value }]>([
  ['int32', 5, { as: 'int64', read: 5n }],
  ['int64', 5n, { as: 'int32', read: 5 }],
  ['int32', 5, { as: 'float64', read: 5 }],
  ['int64', -(2n ** 53n), { as: 'float64', read: -(2 ** 53) }],
  ['float32', 1.5, { as: 'float64', read: 1.5 }],
  ['float64', 0.1, { as: 'float32', read: Math.fround(0.1) }],
  ['date', 1, { as: 'timestamp', read: 86_400_000 }],
  ['list<int32>', [1, null], { as: 'list<int64>', read: [1n, null] }],
  ['decimal(9,2)', 105n, { as: 'decimal(18,2)', read: 105n }],
])('reads %s %s as %o', async (type, value, { as, read }) => {
  expect(await readColumns(await fileOf(type, [value, null]), [{ name: 'x', as }])).toStrictEqual([[read, null]]);
});

it.each<[ColumnType, Value, { readonly as: ColumnType; readonly problem: string }]>([
  ['int64', 2n ** 31n, { as: 'int32', problem: 'beyond int32' }],
  ['int64', 2n ** 53n + 1n, { as: 'float64', problem: 'more digits than float64 keeps' }],
  ['string', '5', { as: 'int64', problem: 'the file has string, wanted is int64' }],
  ['float64', 5, { as: 'int64', problem: 'the file has float64, wanted is int64' }],
  ['int64', 5n, { as: 'list<int64>', problem: 'the file has single values, wanted is list<int64>' }],
  ['list<int64>', [5n], { as: 'int64', problem: 'the file has a list, wanted is int64' }],
  ['decimal(9,2)', 105n, { as: 'decimal(9,3)', problem: 'wanted is decimal(9,3)' }],
])('refuses %s %s as %o', async (type, value, { as, problem }) => {
  const file = await fileOf(type, [value]);
  await expect(readColumns(file, [{ name: 'x', as }])).rejects.toThrow(problem);
  await expect(readColumns(file, [{ name: 'x', as }])).rejects.toThrow(/^column x: /);
});

it('names the columns that there are for one that there is not', async () => {
  const file = await golden('pages');
  await expect(readColumns(file, [{ name: 'y' }])).rejects.toThrow('the file has no column y; it has id, l, x');
  await expect(readRawColumns(file, ['y'])).rejects.toMatchObject({ code: 'codec.unknownParquetColumn' });
});

it('refuses nested columns by name', async () => {
  const file = await golden('types-none');
  await expect(readRawColumns(file, ['st'])).rejects.toThrow('column st is nested');
  await expect(readColumns(file, [{ name: 'st' }])).rejects.toThrow('column st: ');
});

it.each([
  ['text', Buffer.from('driver_id,event_timestamp\n1,2026-01-01T00:00:00Z\n')],
  ['nothing', new Uint8Array(0)],
  ['half a file', bytesOf('types-none').subarray(0, 2000)],
])('refuses %s as a Parquet file', async (_what, bytes) => {
  await expect(openParquet(bytesSource(bytes))).rejects.toMatchObject({ code: 'codec.notParquet' });
});

it('writes times without zone, which is UTC, and lists in the standard three levels', async () => {
  const [time] = (await fileOf('timestamp', [0])).columns;
  expect(time?.elements).toEqual([
    {
      name: 'x',
      type: 'INT64',
      repetition_type: 'OPTIONAL',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' },
    },
  ]);
  const [list] = (await fileOf('list<int32>', [[1]])).columns;
  expect(list?.elements).toEqual([
    { name: 'x', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', type: 'INT32', repetition_type: 'OPTIONAL' },
  ]);
});

it('writes an empty file that has its columns', async () => {
  const file = await fileOf('int64', []);
  expect(file).toMatchObject({ rowCount: 0, columns: [{ name: 'x', type: 'int64' }] });
  expect(await readColumns(file, [{ name: 'x' }])).toEqual([[]]);
});

it('refuses columns of different lengths, and a file without columns', () => {
  const columns = [1, 2].map((length) => ({
    name: `c${length}`,
    type: 'int32' as const,
    values: Array(length).fill(0),
  }));
  expect(() => writeParquet(columns)).toThrow('one length, got 1, 2');
  expect(() => writeParquet([])).toThrow('no columns');
});
