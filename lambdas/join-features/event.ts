import * as z from 'zod/mini';

/** One statement of a training set: as the map over joins gives it, or as this function has answered before. */
export const eventSchema = z.strictObject({
  id: z.string(),
  execution: z.string(),
  join: z.int(),
  started: z.optional(z.strictObject({ queryId: z.string(), attempt: z.string(), tries: z.int() })),
  waitSeconds: z.optional(z.int()),
  next: z.optional(z.string()),
});
