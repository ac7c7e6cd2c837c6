import * as z from 'zod/mini';
import { stateErrorSchema } from '#lambdas/finish-run/event.ts';

/** The training set whose parts are all finished, or the execution that cannot go on. Its input may be anything. */
export const eventSchema = z.union([
  z.strictObject({ id: z.string(), execution: z.string() }),
  z.strictObject({ input: z.unknown(), execution: z.string(), error: stateErrorSchema }),
]);
