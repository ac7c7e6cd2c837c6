import * as z from 'zod/mini';

/** Input of an execution: what `tidemark backfill` sends. */
export const backfillInputSchema = z.strictObject({
  /** `name[@version]`. */
  view: z.string().check(z.minLength(1)),
  /** Build every item again from the log. @default false */
  rebuild: z.optional(z.boolean()),
});

/** Event of plan-backfill: the execution's input and its ARN. */
export const eventSchema = z.strictObject({ input: backfillInputSchema, execution: z.string() });
