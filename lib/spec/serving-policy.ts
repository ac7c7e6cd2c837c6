import * as z from 'zod/mini';

/** Most that a service may declare as age of what it serves from memory: a day. */
export const maximumKeptMillis = 86_400_000;

const age = z.int().check(z.positive(), z.maximum(maximumKeptMillis));

/** How a service is answered besides by reading the store. Ages are counted from the read. */
export const servingPolicySchema = z.strictObject({
  /** What stands, as FALLBACK, for keys that the store does not give in time. @default - nothing: ERROR */
  onUnavailable: z.optional(
    z.discriminatedUnion('kind', [
      /** The declared default, else null. */
      z.strictObject({ kind: z.literal('default') }),
      /** What the same process has read of them in the last so many milliseconds, else the default. */
      z.strictObject({ kind: z.literal('lastKnown'), withinMillis: age }),
    ]),
  ),
  /** What was read is served again for so long: found rows, and that there is none. @default - every request reads */
  cache: z.optional(
    z.strictObject({ ttlMillis: age, negativeTtlMillis: z.int().check(z.minimum(0), z.maximum(maximumKeptMillis)) }),
  ),
});
export type ServingPolicy = z.infer<typeof servingPolicySchema>;
