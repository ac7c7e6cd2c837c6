import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the stage-spine function. */
export const environmentSchema = z.object({
  BUCKET_NAME: text,
  /** Holds the checkpoints of the archive, too. */
  JOBS_TABLE_NAME: text,
  /** JSON object: the stream's name by source. */
  STREAM_NAMES: text,
  STAGE_NAME: text,
});
