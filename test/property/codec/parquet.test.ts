import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesSource, openParquet, readColumns, readRawColumns } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { ColumnType } from '#spec/value-type.ts';
import { columnValuesOf, featureTypesArbitrary } from '../arbitrary-values.ts';
import { propertySettings } from '../settings.ts';

const types: fc.Arbitrary<ColumnType> = fc.oneof(
  featureTypesArbitrary,
  fc.constantFrom<ColumnType>('date', 'decimal(9,2)', 'decimal(18,0)', 'decimal(38,10)'),
);

const files = fc
  .tuple(fc.array(types, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 30 }))
  .chain(([columnTypes, rows]) =>
    fc.tuple(
      ...columnTypes.map((type, index) =>
        fc
          .array(columnValuesOf(type), { minLength: rows, maxLength: rows })
          .map((values): TypedColumn => ({ name: `c${index}`, type, values })),
      ),
    ),
  );

it('reads back every column, whole and in ranges, over row groups', async () => {
  const settings = fc.record({
    rowGroupRows: fc.integer({ min: 1, max: 12 }),
    range: fc.tuple(fc.nat(30), fc.nat(30)),
  });
  await fc.assert(
    fc.asyncProperty(files, settings, async (columns, { rowGroupRows, range: [a, b] }) => {
      const bytes = writeParquet(columns, { rowGroupRows });
      expect(Buffer.from(writeParquet(columns, { rowGroupRows })).equals(Buffer.from(bytes))).toBe(true);
      const file = await openParquet(bytesSource(bytes));
      expect(file.columns.map(({ name, type }) => ({ name, type }))).toEqual(
        columns.map(({ name, type }) => ({ name, type })),
      );
      expect(await readColumns(file, file.columns)).toStrictEqual(columns.map(({ values }) => values));
      const range = { rowStart: Math.min(a, b), rowEndExclusive: Math.max(a, b) };
      const cut = columns.map(({ values }) => values.slice(range.rowStart, range.rowEndExclusive));
      expect(await readColumns(file, file.columns, range)).toStrictEqual(cut);
    }),
    propertySettings(400),
  );
});

it('copies columns untouched', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (columns) => {
      const file = await openParquet(bytesSource(writeParquet(columns)));
      const names = columns.map(({ name }) => name);
      const copy = await openParquet(bytesSource(writeParquet(await readRawColumns(file, names))));
      expect(copy.columns).toEqual(file.columns);
      expect(await readColumns(copy, copy.columns)).toStrictEqual(columns.map(({ values }) => values));
    }),
    propertySettings(300),
  );
});
