import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the aggregate-events function of one source. */
export const environmentSchema = z.object({
  SOURCE_NAME: text,
  BUCKET_NAME: text,
  ONLINE_TABLE_NAME: text,
  /** How long the stream keeps records: what an item remembers of a shard is forgotten after that. */
  STREAM_RETENTION_HOURS: text.check(z.regex(/^\d{1,4}$/)),
  STAGE_NAME: text,
});
