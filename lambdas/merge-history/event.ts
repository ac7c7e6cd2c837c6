import * as z from 'zod/mini';
import { runReferenceSchema } from '#engine/materialize/run-files.ts';
import { itemSchema } from '#engine/materialize/split-rows.ts';

/** One item of the map over the selected entities. */
export const eventSchema = z.strictObject({ run: runReferenceSchema, item: itemSchema });
