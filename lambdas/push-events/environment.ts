import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the push-events function. */
export const environmentSchema = z.object({
  /** JSON object: the stream's name by source. */
  STREAM_NAMES: text,
  /** Where API tokens are kept. */
  JOBS_TABLE_NAME: text,
  /** Secret whose text is the deployment's own token. */
  API_TOKEN_SECRET_ARN: text,
  STAGE_NAME: text,
});
