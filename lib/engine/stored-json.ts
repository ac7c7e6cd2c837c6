import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';
import type { Objects } from '#store/objects.ts';

/** The JSON object under a key, checked; undefined when there is none. Throws engine.badFile where it has another shape. */
export async function readJson<TSchema extends z.ZodMiniType>(
  objects: Pick<Objects, 'get'>,
  key: string,
  schema: TSchema,
): Promise<{ readonly value: z.output<TSchema>; readonly etag: string } | undefined> {
  const found = await objects.get(key);
  if (!found) return undefined;
  try {
    return { value: z.parse(schema, JSON.parse(new TextDecoder().decode(found.body))), etag: found.etag };
  } catch (cause) {
    throw new TidemarkError(
      'engine.badFile',
      `${key} is not what this version of tidemark writes: ${cause instanceof Error ? cause.message : String(cause)}`,
      { kind: 'failed', cause, details: { key } },
    );
  }
}

/** As readJson, for a file that an earlier step must have written. Throws engine.missingFile. */
export async function readStepJson<TSchema extends z.ZodMiniType>(
  objects: Pick<Objects, 'get'>,
  key: string,
  schema: TSchema,
): Promise<z.output<TSchema>> {
  const found = await readJson(objects, key, schema);
  if (found) return found.value;
  throw new TidemarkError('engine.missingFile', `${key} is missing: the step that writes it has not succeeded`, {
    kind: 'failed',
    details: { key },
  });
}
