import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkValue, compareTexts, compareValues } from '#semantics/value.ts';
import { compare } from '#test/oracle/values.ts';
import { featureTypesArbitrary, nullableOf, texts } from '../arbitrary-values.ts';
import { propertySettings } from '../settings.ts';

const triples = featureTypesArbitrary.chain((type) =>
  fc.tuple(fc.constant(type), nullableOf(type), nullableOf(type), nullableOf(type)),
);

it('orders values as the oracle does', () => {
  fc.assert(
    fc.property(triples, ([, a, b]) => {
      expect(compareValues(a, b) + 0).toBe(Math.sign(compare(a, b)) + 0);
    }),
    propertySettings(4000),
  );
});

it('is one total order: every value equals itself, and three values never go round', () => {
  fc.assert(
    fc.property(triples, ([, a, b, c]) => {
      expect(compareValues(a, a)).toBe(0);
      expect(compareValues(a, b)).toBe(-compareValues(b, a) + 0);
      if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).toBeLessThanOrEqual(0);
    }),
    propertySettings(4000),
  );
});

it('orders texts by their UTF-8 bytes', () => {
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      expect(compareTexts(a, b) + 0).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    propertySettings(4000),
  );
});

it('finds nothing wrong with values of their type', () => {
  fc.assert(
    fc.property(triples, ([type, value]) => {
      expect(checkValue(type, value)).toBeUndefined();
    }),
    propertySettings(2000),
  );
});
