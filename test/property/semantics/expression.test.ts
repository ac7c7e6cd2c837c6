import fc from 'fast-check';
import { expect, it } from 'vitest';
import { truthOf } from '#semantics/expression.ts';
import type { Expression } from '#spec/expression.ts';
import { propertySettings } from '../settings.ts';

const types = { x: 'float64', s: 'string' } as const;
const rows = fc.record({
  x: fc.constantFrom(null, 0, -0, 1, 2, Number.NaN, Number.POSITIVE_INFINITY),
  s: fc.constantFrom(null, '', 'a', 'b', '\uffff', '😀'),
});

const leaves: fc.Arbitrary<Expression> = fc.oneof(
  fc.record({
    op: fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge'),
    column: fc.constant('x'),
    value: fc.constantFrom(0, 1, 2),
  }),
  fc.record({
    op: fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge'),
    column: fc.constant('s'),
    value: fc.constantFrom('', 'a', '\uffff', '😀'),
  }),
  fc.record({
    op: fc.constant('in'),
    column: fc.constant('x'),
    values: fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ op: fc.constantFrom('isNull', 'isNotNull'), column: fc.constantFrom('x', 's') }),
);
const expressions: fc.Arbitrary<Expression> = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaves,
    fc.record({
      op: fc.constantFrom('and', 'or'),
      of: fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ op: fc.constant('not'), of: tie('any') }),
  ),
})).any;

/** SQL's logic in numbers, written apart from the product: 0 false, 1 unknown, 2 true. */
function naive(expression: Expression, row: { x: number | null; s: string | null }): 0 | 1 | 2 {
  const decide = (value: boolean): 0 | 2 => (value ? 2 : 0);
  switch (expression.op) {
    case 'and':
      return Math.min(...expression.of.map((part) => naive(part, row))) as 0 | 1 | 2; // of three numbers
    case 'or':
      return Math.max(...expression.of.map((part) => naive(part, row))) as 0 | 1 | 2; // of three numbers
    case 'not':
      return (2 - naive(expression.of, row)) as 0 | 1 | 2; // 2 minus one of them
    case 'isNull':
      return decide(row[expression.column as 'x' | 's'] === null);
    case 'isNotNull':
      return decide(row[expression.column as 'x' | 's'] !== null);
    case 'in':
      return row.x === null ? 1 : decide(expression.values.includes(row.x + 0));
    default: {
      const value = row[expression.column as 'x' | 's'];
      if (value === null) return 1;
      const other = expression.value;
      if (typeof value === 'number' && typeof other === 'number')
        return decide(
          {
            eq: value === other,
            ne: value !== other,
            lt: value < other,
            le: value <= other,
            gt: value > other,
            ge: value >= other,
          }[expression.op],
        );
      const order = Buffer.compare(Buffer.from(String(value)), Buffer.from(String(other)));
      return decide(
        {
          eq: order === 0,
          ne: order !== 0,
          lt: order < 0,
          le: order <= 0,
          gt: order > 0,
          ge: order >= 0,
        }[expression.op],
      );
    }
  }
}

it('decides filters by three-valued logic', () => {
  fc.assert(
    fc.property(expressions, rows, (expression, row) => {
      expect(truthOf(expression, types)(row)).toBe([false, null, true][naive(expression, row)]);
    }),
    propertySettings(4000),
  );
});
