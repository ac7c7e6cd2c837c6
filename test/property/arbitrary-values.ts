import fc from 'fast-check';
import { type ColumnType, elementType, isListType, type ScalarType, type Value } from '#spec/value-type.ts';

const edgeTexts = [
  '',
  '\u0000',
  '\u0000\u0001',
  '\u0001',
  'a',
  'a\u0000',
  'ab',
  '\uffff',
  '\ue000',
  '😀',
  '|',
  ':',
  '1|s1:a|',
];
const edgeFloats = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 1.5, -1.5];
const edgeIntegers = [0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n];

/** Texts of all planes, with many shared prefixes; never a lone surrogate. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...edgeTexts),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('\u0000', '\u0001', '\u0002', 'a', 'é', '\uffee', '😀'), maxLength: 4 }),
);

const scalars: Record<ScalarType, fc.Arbitrary<Exclude<Value, readonly unknown[]>>> = {
  int32: fc.oneof(fc.integer(), fc.integer({ min: -2, max: 2 })),
  int64: fc.oneof(fc.constantFrom(...edgeIntegers), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  float32: fc.oneof(fc.constantFrom(...edgeFloats.map(Math.fround)), fc.float()),
  float64: fc.oneof(fc.constantFrom(...edgeFloats), fc.double()),
  string: texts,
  bool: fc.boolean(),
  timestamp: fc.oneof(
    fc.constantFrom(0, -1, 1_700_000_000_000, -62_135_596_800_000, 253_402_300_799_999),
    fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
  ),
  bytes: fc.uint8Array({ maxLength: 5 }),
};

/** Values of a type that are not null; lists may hold nulls. */
export const valuesOf = (type: ScalarType | `list<${ScalarType}>`): fc.Arbitrary<Value> =>
  isListType(type) ? fc.array(fc.option(scalars[elementType(type)], { freq: 3 }), { maxLength: 4 }) : scalars[type];

/** As valuesOf, and null. */
export const nullableOf = (type: ScalarType | `list<${ScalarType}>`): fc.Arbitrary<Value> =>
  fc.option(valuesOf(type), { freq: 4 });

export const scalarTypesArbitrary: fc.Arbitrary<ScalarType> = fc.constantFrom(
  'int32',
  'int64',
  'float32',
  'float64',
  'string',
  'bool',
  'timestamp',
  'bytes',
);

export const featureTypesArbitrary: fc.Arbitrary<ScalarType | `list<${ScalarType}>`> = fc.oneof(
  { weight: 3, arbitrary: scalarTypesArbitrary },
  { weight: 1, arbitrary: scalarTypesArbitrary.map((type): `list<${ScalarType}>` => `list<${type}>`) },
);

/** What JSON and SQL read -0 as: 0, also inside lists. */
export function withoutNegativeZero(value: Value): Value {
  if (Array.isArray(value)) return value.map((item) => (item === 0 ? 0 : item));
  return value === 0 ? 0 : value;
}

/** Source column types beside those of features. */
export const columnValuesOf = (type: ColumnType): fc.Arbitrary<Value> => {
  const decimal = /^decimal\((\d+),\d+\)$/.exec(type);
  if (decimal) {
    const limit = 10n ** BigInt(decimal[1] ?? 0) - 1n;
    return fc.option(fc.bigInt({ min: -limit, max: limit }), { freq: 4 });
  }
  if (type === 'date') return fc.option(fc.integer({ min: -719_162, max: 2_932_896 }), { freq: 4 });
  return nullableOf(type as ScalarType | `list<${ScalarType}>`); // what is left of the column types
};
