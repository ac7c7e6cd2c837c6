import * as z from 'zod/mini';

/** One part of a training set, as the map over parts gives it. */
export const eventSchema = z.strictObject({ id: z.string(), execution: z.string(), part: z.int() });
