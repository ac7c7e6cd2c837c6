import * as z from 'zod/mini';

/** A literal in JSON: int64 and decimal as decimal strings, timestamp as epoch milliseconds; the column's type tells which. */
export const literalSchema = z.union([z.string(), z.number(), z.boolean()]);
export type Literal = z.infer<typeof literalSchema>;

export const comparisonOperators = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

/** A filter over source columns with SQL's three-valued logic: a row counts only where the expression is true (not null). */
export type Expression =
  | { op: ComparisonOperator; column: string; value: Literal }
  | { op: 'in'; column: string; values: Literal[] }
  | { op: 'isNull' | 'isNotNull'; column: string }
  | { op: 'and' | 'or'; of: Expression[] }
  | { op: 'not'; of: Expression };

export const expressionSchema: z.ZodMiniType<Expression> = z.lazy(() =>
  z.union([
    z.strictObject({ op: z.enum(comparisonOperators), column: z.string(), value: literalSchema }),
    z.strictObject({ op: z.literal('in'), column: z.string(), values: z.array(literalSchema) }),
    z.strictObject({ op: z.enum(['isNull', 'isNotNull']), column: z.string() }),
    z.strictObject({ op: z.enum(['and', 'or']), of: z.array(expressionSchema) }),
    z.strictObject({ op: z.literal('not'), of: expressionSchema }),
  ]),
);
