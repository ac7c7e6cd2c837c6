import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the join-features function. */
export const environmentSchema = z.object({
  BUCKET_NAME: text,
  DATABASE_NAME: text,
  WORKGROUP_NAME: text,
  STAGE_NAME: text,
});
