import * as z from 'zod/mini';
import { runReferenceSchema } from '#engine/materialize/run-files.ts';

/** The run whose chunks are all computed. */
export const eventSchema = z.strictObject({ run: runReferenceSchema });
