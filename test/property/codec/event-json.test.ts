import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventJson, eventReader } from '#codec/event-json.ts';
import { utf8Bytes } from '#codec/utf8.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';
import { columnValuesOf, featureTypesArbitrary, withoutNegativeZero } from '../arbitrary-values.ts';
import { propertySettings } from '../settings.ts';

const columnTypes: fc.Arbitrary<ColumnType> = fc.oneof(
  { weight: 4, arbitrary: featureTypesArbitrary },
  {
    weight: 2,
    arbitrary: fc.constantFrom<ColumnType>('date', 'decimal(1,1)', 'decimal(9,0)', 'decimal(18,6)', 'decimal(38,19)'),
  },
);
const schemas = fc
  .array(columnTypes, { minLength: 1, maxLength: 6 })
  .map((types) => types.map((type, index) => ({ name: `column_${index}`, type })));

it('reads back every row from the JSON that it writes', () => {
  const cases = schemas.chain((schema) =>
    fc.tuple(fc.constant(schema), fc.tuple(...schema.map(({ type }) => columnValuesOf(type)))),
  );
  fc.assert(
    fc.property(cases, ([schema, values]) => {
      const row: Record<string, Value> = {};
      for (const [index, { name }] of schema.entries()) row[name] = withoutNegativeZero(values[index] ?? null);
      const text = eventJson({ schema }, row);
      const reading = eventReader({ schema })(utf8Bytes(text));
      expect(reading).toStrictEqual({ kind: 'row', row });
      expect(eventJson({ schema }, row)).toBe(text);
    }),
    propertySettings(3000),
  );
});

it('never throws, whatever the bytes are', () => {
  const all = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes'] as const;
  const types: ColumnType[] = [...all, ...all.map((type) => `list<${type}>` as const), 'date', 'decimal(5,2)'];
  const schema = types.map((type, index) => ({ name: `c${index}`, type }));
  const read = eventReader({ schema });
  const fields = fc.dictionary(fc.constantFrom(...schema.map(({ name }) => name), 'other'), fc.jsonValue());
  const almostJson = fc.tuple(fields, fc.nat(), fc.nat({ max: 255 })).map(([value, at, byte]) => {
    const bytes = utf8Bytes(JSON.stringify(value));
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    almostJson,
    fields.map((value) => utf8Bytes(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(data, (bytes) => {
      const reading = read(bytes);
      if (reading.kind === 'unreadable') expect(reading.detail).not.toBe('');
      else expect(Object.keys(reading.row)).toEqual(schema.map(({ name }) => name));
    }),
    propertySettings(5000),
  );
});
