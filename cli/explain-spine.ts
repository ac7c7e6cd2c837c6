import { closeSync, openSync, readSync, statSync } from 'node:fs';
import {
  explainTrainingSet,
  type TrainingSetExplanation,
  tablesToList,
} from '#engine/training-set/explain-training-set.ts';
import { fixedInstant } from '#engine/training-set/fixed-instant.ts';
import { parseTrainingSetRequest, planOfRequest, type TrainingSetInput } from '#engine/training-set/request.ts';
import { type StoredTable, storedTable } from '#engine/training-set/scanned-tables.ts';
import { surveySpine } from '#engine/training-set/survey-spine.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';
import type { Connections } from './connections.ts';

/** A spine that is in the deployment's bucket already, or a file to upload. */
export type Spine = { readonly key: string } | { readonly file: string };

/** What is asked for, besides the spine. */
export type Choice = Omit<TrainingSetInput, 'id' | 'spine'>;

/** Files of this machine, by path, as far as reading a spine needs. */
const localFiles: Pick<Objects, 'getRange' | 'head'> = {
  head: async (key) => ({ key, etag: '', sizeBytes: statSync(key).size }),
  getRange: async (key, start, endExclusive) => {
    const bytes = new Uint8Array(endExclusive - start);
    const file = openSync(key, 'r');
    try {
      let read = 0;
      for (let got = -1; got !== 0 && read < bytes.length; read += got)
        got = readSync(file, bytes, read, bytes.length - read, start + read);
      return bytes.subarray(0, read);
    } finally {
      closeSync(file);
    }
  },
};

export interface SpineToExplain {
  readonly manifest: Manifest;
  readonly spine: Spine;
  readonly choice: Choice;
}

/** Checks a spine and says what a training set of it would read and cost; nothing is uploaded, no query runs. Throws the errors of surveySpine. */
export async function explainSpine(
  { objects, openBucket }: Pick<Connections, 'objects' | 'openBucket'>,
  { manifest, spine, choice }: SpineToExplain,
): Promise<TrainingSetExplanation> {
  const [files, key] = 'key' in spine ? [objects, spine.key] : [localFiles, spine.file];
  const request = parseTrainingSetRequest({ id: 'explained', spine: key, ...choice });
  const object = await files.head(key);
  if (!object)
    throw new TidemarkError('trainingSet.noSpine', `there is no spine at ${objects.uri(key)}; upload it first`, {
      kind: 'notFound',
    });
  const plan = planOfRequest(manifest, request);
  const asOfMillis = request.asOf === undefined ? undefined : fixedInstant(request.asOf, Date.now());
  const survey = await surveySpine(files, { request, plan, object }, { asOfMillis });
  const stored = new Map<string, StoredTable>();
  for (const { view, scan } of tablesToList({ manifest, request, plan, survey }))
    stored.set(scan.table, await storedTable({ objects, openBucket }, { manifest, view, scan }));
  return explainTrainingSet({ manifest, request, plan, survey, stored });
}
