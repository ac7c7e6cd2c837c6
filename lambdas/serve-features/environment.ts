import * as z from 'zod/mini';

/** Environment of the serve-features function. */
export const environmentSchema = z.object({
  ONLINE_TABLE_NAME: z.string().check(z.minLength(1)),
  /** Where API tokens are kept. */
  JOBS_TABLE_NAME: z.string().check(z.minLength(1)),
  /** Secret whose text is the deployment's own token. */
  API_TOKEN_SECRET_ARN: z.string().check(z.minLength(1)),
  STAGE_NAME: z.string().check(z.minLength(1)),
  /** Which answers are logged, as JSON (ServingLogRule), and the stream that takes them; absent: none. */
  SERVING_LOG_RULE: z.optional(z.string()),
  SERVING_LOG_STREAM: z.optional(z.string()),
});
