import * as z from 'zod/mini';
import { readJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Objects } from '#store/objects.ts';
import { workFiles } from './work-files.ts';

/** A build of a training set: the latest that was started under an id owns its files. */
export interface Build {
  readonly id: string;
  /** The state machine's execution. */
  readonly execution: string;
}

const ownerSchema = z.strictObject({ execution: z.string() });

const ownerOf = async (objects: Pick<Objects, 'get'>, id: string): Promise<string | undefined> =>
  (await readJson(objects, workFiles(id).owner, ownerSchema))?.value.execution;

/** Makes the execution the owner, before it writes anything; from now on an earlier one writes nothing of the dataset. */
export async function claimTrainingSet(objects: Pick<Objects, 'get' | 'put'>, { id, execution }: Build): Promise<void> {
  if ((await ownerOf(objects, id)) === execution) return;
  await objects.put(workFiles(id).owner, JSON.stringify({ execution }));
}

/** Throws trainingSet.overwritten unless the execution is still the owner: what it has read of the build may be another one's. */
export async function checkOwner(objects: Pick<Objects, 'get'>, { id, execution }: Build): Promise<void> {
  if ((await ownerOf(objects, id)) !== execution) throw overwritten(id);
}

/**
 * Puts a file of the dataset as its owner; returns the etag. Whatever a later owner has written since is not replaced: its files come
 * after its claim, so they are other objects than the one found here before the owner was asked for. Throws trainingSet.overwritten.
 */
export async function putAsOwner(
  objects: Pick<Objects, 'get' | 'head' | 'put'>,
  build: Build,
  { key, body }: { readonly key: string; readonly body: Uint8Array },
): Promise<string> {
  const present = await objects.head(key);
  await checkOwner(objects, build);
  const etag = await objects.put(key, body, present ? { ifMatch: present.etag } : { ifAbsent: true });
  if (etag === undefined) throw overwritten(build.id);
  return etag;
}

export const overwritten = (id: string): TidemarkError =>
  new TidemarkError(
    'trainingSet.overwritten',
    `another run of training set ${id} is writing the same files; wait for it, or build with a new id`,
    { kind: 'conflict' },
  );
