import * as z from 'zod/mini';
import { runReferenceSchema } from '#engine/materialize/run-files.ts';

/** Why a state failed, as Step Functions tells it: the error's name, and a text or the JSON of a function's error. */
export const stateErrorSchema = z.object({ Error: z.string(), Cause: z.optional(z.string()) });

/** The run whose rows are all written, or the execution that cannot go on. Its input may be anything. */
export const eventSchema = z.union([
  z.strictObject({ run: runReferenceSchema }),
  z.strictObject({ input: z.unknown(), execution: z.string(), error: stateErrorSchema }),
]);
