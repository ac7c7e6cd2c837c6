import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';

/**
 * The function's environment, checked by its schema (its environment.ts), once at init; throws lambda.badEnvironment that names every
 * missing or wrong variable.
 */
export function readEnvironment<TSchema extends z.ZodMiniType>(schema: TSchema): z.output<TSchema> {
  // biome-ignore lint/style/noProcessEnv: the one place where a function reads its environment
  const parsed = z.safeParse(schema, process.env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new TidemarkError('lambda.badEnvironment', `bad environment variables: ${faults.join('; ')}`, {
    kind: 'failed',
  });
}
