import * as z from 'zod/mini';
import { runReferenceSchema } from '#engine/materialize/run-files.ts';

/** A started statement of the run: what start-query answered, or an earlier look at it. */
export const eventSchema = z.strictObject({
  run: runReferenceSchema,
  query: z.string(),
  attempt: z.int(),
  queryId: z.string(),
  waitSeconds: z.int(),
  next: z.optional(z.string()),
});
