import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the plan-backfill function. */
export const environmentSchema = z.object({
  BUCKET_NAME: text,
  JOBS_TABLE_NAME: text,
  /** How far ahead of its claim a cut lies: longer than any batch of the streams' consumers takes. */
  CUT_AHEAD_SECONDS: text.check(z.regex(/^\d{1,5}$/)),
  STAGE_NAME: text,
});
