import * as z from 'zod/mini';
import { runReferenceSchema } from '#engine/materialize/run-files.ts';

/** One attempt of a statement of the run. */
export const eventSchema = z.strictObject({ run: runReferenceSchema, query: z.string(), attempt: z.int() });
