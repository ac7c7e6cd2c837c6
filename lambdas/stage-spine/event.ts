import * as z from 'zod/mini';

/** The execution's input, which the engine checks (trainingSetRequestSchema), and its ARN; or the training set whose joins are done. */
export const eventSchema = z.union([
  z.strictObject({ id: z.string(), execution: z.string() }),
  z.strictObject({ input: z.unknown(), execution: z.string() }),
]);
