import * as z from 'zod/mini';
import { readJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { StreamView } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';

/** What the backfills of a stream view have achieved: the greatest run of its cut whose history is in every item. */
const backfillStateSchema = z.strictObject({ kind: z.literal('stream'), mergedRun: z.int() });

const maximumTries = 10;

/** The greatest run of the view's cut whose history is merged; 0 before the first. Throws engine.badFile. */
export const mergedRun = async (objects: Pick<Objects, 'get'>, view: StreamView): Promise<number> =>
  (await readJson(objects, objectKeys.state(view), backfillStateSchema))?.value.mergedRun ?? 0;

/** Writes down that the history of a run of the cut is merged. Repeating it, or a lesser run, changes nothing. */
export async function setMergedRun(
  objects: Pick<Objects, 'get' | 'put'>,
  view: StreamView,
  cutRun: number,
): Promise<void> {
  const key = objectKeys.state(view);
  for (let attempt = 0; attempt < maximumTries; attempt += 1) {
    const found = await readJson(objects, key, backfillStateSchema);
    if (found && found.value.mergedRun >= cutRun) return;
    const body = JSON.stringify({ kind: 'stream', mergedRun: cutRun });
    const condition = found ? { ifMatch: found.etag } : ({ ifAbsent: true } as const);
    if ((await objects.put(key, body, condition)) !== undefined) return;
  }
  throw new TidemarkError(
    'backfill.contended',
    `${key} was replaced by others ${maximumTries} times in a row; run again`,
    {
      kind: 'unavailable',
      details: { key },
    },
  );
}
