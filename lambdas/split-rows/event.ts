import * as z from 'zod/mini';
import { runReferenceSchema } from '#engine/materialize/run-files.ts';

/** The run whose selection for the online store has been written. */
export const eventSchema = z.strictObject({ run: runReferenceSchema });
