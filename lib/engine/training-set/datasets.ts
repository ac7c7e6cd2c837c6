import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Objects } from '#store/objects.ts';
import { type DatasetManifest, findDatasetManifest } from './dataset-manifest.ts';
import { trainingSetIdPattern } from './request.ts';

/** The manifest of a training set; throws trainingSet.unknown while there is none: such a dataset does not exist yet. */
export async function readDatasetManifest(objects: Pick<Objects, 'get'>, id: string): Promise<DatasetManifest> {
  const found = trainingSetIdPattern.test(id) ? await findDatasetManifest(objects, id) : undefined;
  if (found) return found;
  throw new TidemarkError('trainingSet.unknown', `there is no complete training set ${JSON.stringify(id)}`, {
    kind: 'notFound',
  });
}

/** Throws trainingSet.notParquet for a dataset of CSV files. */
export function refuseCsv({ id, format }: DatasetManifest): void {
  if (format !== 'csv') return;
  throw new TidemarkError(
    'trainingSet.notParquet',
    `training set ${id} is CSV, which is not read again here; build it as Parquet`,
  );
}

/** Complete datasets, newest first: those with a manifest. What a run has left half-done is never among them. */
export async function listTrainingSets(objects: Pick<Objects, 'get' | 'list'>): Promise<DatasetManifest[]> {
  const folder = objectKeys.dataset('').replace(/\/+$/, '/');
  const manifests: DatasetManifest[] = [];
  for await (const { key } of objects.list(folder)) {
    const [id = '', file, ...deeper] = key.slice(folder.length).split('/');
    if (file !== 'manifest.json' || deeper.length > 0) continue;
    const manifest = await findDatasetManifest(objects, id);
    if (manifest) manifests.push(manifest);
  }
  return manifests.sort((a, b) => b.createdAtMillis - a.createdAtMillis);
}
