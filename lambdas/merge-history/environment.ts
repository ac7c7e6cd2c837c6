import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

/** Environment of the merge-history function. */
export const environmentSchema = z.object({ BUCKET_NAME: text, ONLINE_TABLE_NAME: text, STAGE_NAME: text });
