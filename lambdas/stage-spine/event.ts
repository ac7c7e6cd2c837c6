import * as z from 'zod/mini';

/** The execution's input, which the engine checks (trainingSetRequestSchema), and its ARN. */
export const eventSchema = z.strictObject({ input: z.unknown(), execution: z.string() });
