import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeEntityKey, encodeEntityKey, type KeyedEntity } from '#codec/entity-key.ts';
import { jsonValueReader, toJsonValue } from '#codec/json-value.ts';
import { packedRowReader, packRow } from '#codec/packed-row.ts';
import { parseWireJson, readWireValue, wireWriter } from '#codec/wire-json.ts';
import type { Value } from '#spec/value-type.ts';
import {
  featureTypesArbitrary,
  nullableOf,
  scalarTypesArbitrary,
  valuesOf,
  withoutNegativeZero,
} from '../arbitrary-values.ts';
import { propertySettings } from '../settings.ts';

const typedValue = featureTypesArbitrary.chain((type) => fc.tuple(fc.constant(type), nullableOf(type)));

it('reads back every value from its JSON form', () => {
  fc.assert(
    fc.property(typedValue, ([type, value]) => {
      const json: unknown = JSON.parse(JSON.stringify(toJsonValue(value)));
      expect(jsonValueReader(type)(json as never)).toStrictEqual(withoutNegativeZero(value));
    }),
    propertySettings(2000),
  );
});

it('reads back every value from the wire, whichever form int64 has', () => {
  fc.assert(
    fc.property(typedValue, fc.constantFrom('number', 'string'), ([type, value], int64) => {
      const reading = readWireValue(type, parseWireJson(wireWriter(type, { int64 })(value)));
      expect(reading).toStrictEqual({ value: withoutNegativeZero(value) });
    }),
    propertySettings(2000),
  );
});

const layouts = fc.array(featureTypesArbitrary, { maxLength: 6 }).map((types) => ({
  name: 'stats',
  version: 1,
  layout: 'abcdef12',
  features: types.map((type) => ({ type })),
}));

it('reads back every packed row', () => {
  const cases = layouts.chain((layout) =>
    fc.tuple(
      fc.constant(layout),
      fc.record({
        eventTimeMillis: fc.option(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 })),
        deleted: fc.constant(false),
        marks: fc.option(fc.string({ unit: fc.constantFrom('.', 'd', 'e'), minLength: 1, maxLength: 6 })),
        values: fc.tuple(...layout.features.map((feature) => nullableOf(feature.type))),
      }),
    ),
  );
  fc.assert(
    fc.property(cases, ([layout, row]) => {
      const expected = { ...row, values: row.values.map(withoutNegativeZero) };
      expect(packedRowReader([layout])(packRow(layout, row))).toStrictEqual({ kind: 'row', row: expected });
    }),
    propertySettings(1500),
  );
});

const entities = fc
  .array(scalarTypesArbitrary, { minLength: 1, maxLength: 3 })
  .map(
    (types): KeyedEntity => ({ name: 'driver', keys: types.map((type, index) => ({ name: `key_${index}`, type })) }),
  );
const keysOf = (entity: KeyedEntity): fc.Arbitrary<Value[]> =>
  fc.tuple(...entity.keys.map(({ type }) => valuesOf(type).filter((value) => !Number.isNaN(value))));

it('reads back every entity key', () => {
  const cases = entities.chain((entity) => fc.tuple(fc.constant(entity), keysOf(entity)));
  fc.assert(
    fc.property(cases, ([entity, keys]) => {
      expect(decodeEntityKey(entity, encodeEntityKey(entity, keys))).toStrictEqual(keys.map(withoutNegativeZero));
    }),
    propertySettings(1500),
  );
});

it('gives different keys different texts', () => {
  const cases = entities.chain((entity) => fc.tuple(fc.constant(entity), keysOf(entity), keysOf(entity)));
  const text = (keys: readonly Value[]): string => JSON.stringify(keys.map(toJsonValue));
  fc.assert(
    fc.property(cases, ([entity, a, b]) => {
      expect(encodeEntityKey(entity, a) === encodeEntityKey(entity, b)).toBe(text(a) === text(b));
    }),
    propertySettings(3000),
  );
});
