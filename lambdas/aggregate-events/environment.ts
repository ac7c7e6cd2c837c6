import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the aggregate-events function of one source. */
export const environmentSchema = z.object({
  SOURCE_NAME: text,
  /** Holds cuts.json of the source. */
  BUCKET_NAME: text,
  ONLINE_TABLE_NAME: text,
  /** Hours that the stream keeps records: shards that have been silent for longer are forgotten. Whole, at least 24. */
  STREAM_RETENTION_HOURS: z.string().check(z.regex(/^\d{2,4}$/)),
  STAGE_NAME: text,
});
