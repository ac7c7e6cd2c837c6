import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the training-sets-api function. */
export const environmentSchema = z.object({
  BUCKET_NAME: text,
  JOBS_TABLE_NAME: text,
  TRAINING_SET_STATE_MACHINE_ARN: text,
  /** Secret whose text is the deployment's own token. */
  API_TOKEN_SECRET_ARN: text,
  STAGE_NAME: text,
});
