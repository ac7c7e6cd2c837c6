import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the write-features function. */
export const environmentSchema = z.object({
  BUCKET_NAME: text,
  ONLINE_TABLE_NAME: text,
  /** Where API tokens are kept. */
  JOBS_TABLE_NAME: text,
  /** JSON object: the stream's name by source. */
  STREAM_NAMES: text,
  MATERIALIZE_STATE_MACHINE_ARN: text,
  /** Secret whose text is the deployment's own token. */
  API_TOKEN_SECRET_ARN: text,
  STAGE_NAME: text,
});
