import * as z from 'zod/mini';

/**
 * A feature value in JSON, by type: int64 as a decimal string, NaN and infinities as 'NaN', 'Infinity', '-Infinity',
 * timestamp as epoch milliseconds, bytes as base64, lists as arrays. The same form stands in manifests and packed rows.
 */
export type JsonValue = string | number | boolean | null | readonly (string | number | boolean | null)[];
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export const jsonValueSchema: z.ZodMiniType<JsonValue> = z.union([scalar, z.readonly(z.array(scalar))]);
