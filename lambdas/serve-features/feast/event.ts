import * as z from 'zod/mini';

/** Body of POST /get-online-features; other members are passed over, as Feast does. */
export const feastRequestSchema = z.object({
  entities: z
    .record(z.string(), z.array(z.unknown()))
    .check(z.describe('a column for each join key and request field, with a value for each row')),
  feature_service: z.nullish(z.string().check(z.describe('name[@version]; comes before `features`'))),
  features: z.optional(z.array(z.string()).check(z.describe('refs: view:feature or view@v<version>:feature'))),
  full_feature_names: z.optional(
    z.boolean().check(z.describe('names of results are view__feature; absent or false: feature')),
  ),
  include_feature_view_version_metadata: z.optional(z.boolean()),
});

/** Answer of POST /get-online-features: a column for each join key and feature, in the order of feature_names. */
export const feastResponseSchema = z.strictObject({
  results: z.array(
    z.strictObject({
      values: z
        .array(z.unknown())
        .check(z.describe('floats have a point, timestamps are epoch seconds, bytes base64; one for each row')),
      statuses: z.array(z.enum(['PRESENT', 'NOT_FOUND', 'OUTSIDE_MAX_AGE', 'INVALID'])),
      event_timestamps: z.array(z.string()).check(z.describe('1970-01-01T00:00:00Z where there is none')),
    }),
  ),
  metadata: z.strictObject({
    feature_names: z.array(z.string()),
    feature_view_metadata: z.optional(z.array(z.strictObject({ name: z.string(), version: z.int() }))),
  }),
});
