import * as z from 'zod/mini';

/** Input of an execution: what `tidemark materialize`, schedules and new source objects send. */
export const runInputSchema = z.strictObject({
  /** `name[@version]`. */
  view: z.string().check(z.minLength(1)),
  /** Epoch milliseconds, exclusive. */
  from: z.optional(z.int()),
  /** Epoch milliseconds, inclusive. */
  to: z.optional(z.int()),
});

/** Event of plan-run: the execution's input and its ARN. */
export const eventSchema = z.strictObject({ input: runInputSchema, execution: z.string() });
