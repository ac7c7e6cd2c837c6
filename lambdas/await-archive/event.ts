import * as z from 'zod/mini';
import { runReferenceSchema } from '#engine/materialize/run-files.ts';

/** The backfill that waits for its cut and for the archive. */
export const eventSchema = z.strictObject({ run: runReferenceSchema });
