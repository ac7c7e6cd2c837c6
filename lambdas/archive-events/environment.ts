import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the archive-events function of one source. */
export const environmentSchema = z.object({
  SOURCE_NAME: text,
  BUCKET_NAME: text,
  DATABASE_NAME: text,
  /** Holds the checkpoints. */
  JOBS_TABLE_NAME: text,
  STAGE_NAME: text,
});
