import * as z from 'zod/mini';

/** Body of an error that Feast has a class for. */
export const feastErrorSchema = z
  .string()
  .check(z.describe('JSON in a JSON string: {"module": "feast.errors", "class": "...", "message": "..."}'));

/** Body of a refused token, and of a body of a wrong shape. */
export const feastDetailSchema = z.strictObject({
  detail: z.union([
    z.string(),
    z.array(
      z.strictObject({
        type: z.string(),
        loc: z.array(z.union([z.string(), z.int()])),
        msg: z.string(),
        input: z.unknown(),
      }),
    ),
  ]),
});
