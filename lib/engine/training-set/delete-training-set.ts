import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import { findDatasetManifest } from './dataset-manifest.ts';
import { listTrainingSets, readDatasetManifest } from './datasets.ts';
import type { TrainingSetPorts } from './ports.ts';
import { trainingSetIdPattern } from './request.ts';
import { getTrainingSetRecord, listTrainingSetRecords, updateTrainingSetRecord } from './training-set-record.ts';
import { workFiles } from './work-files.ts';

type DeletePorts = Pick<TrainingSetPorts, 'objects' | 'records' | 'clock'>;

/**
 * Deletes a complete training set: its manifest first, so that no half of it is ever listed, then its files and what its steps have left.
 * Its record says that it was deleted. Stopped anywhere, it is to be called again. Throws trainingSet.unknown, and trainingSet.inUse where
 * another training set was built, or is being built, with this one as its spine. Returns how many objects it has deleted.
 */
export async function deleteTrainingSet(ports: DeletePorts, id: string): Promise<number> {
  const { objects, records, clock } = ports;
  const record = trainingSetIdPattern.test(id) ? await getTrainingSetRecord(records, id) : undefined;
  if (record?.state !== 'deleted') await readDatasetManifest(objects, id);
  await refuseIfUsed(ports, id);
  if (record) await updateTrainingSetRecord(records, record.request, { state: 'deleted', nowMillis: clock() });
  await objects.delete([workFiles(id).manifest]);
  let deleted = 1;
  for (const folder of [objectKeys.dataset(id), objectKeys.training(id), objectKeys.spineParts(id)]) {
    const keys: string[] = [];
    for await (const { key } of objects.list(folder)) keys.push(key);
    await objects.delete(keys);
    deleted += keys.length;
  }
  return deleted;
}

async function refuseIfUsed(ports: DeletePorts, id: string): Promise<void> {
  const folders = [objectKeys.dataset(id), objectKeys.training(id), objectKeys.spineParts(id)];
  const uses = (spine: string): boolean => folders.some((folder) => spine.startsWith(folder));
  const built = (await listTrainingSets(ports.objects)).filter((other) => other.id !== id && uses(other.spine.key));
  const inUse = (by: string, problem: string): TidemarkError =>
    new TidemarkError('trainingSet.inUse', `training set ${id} is the spine of ${by}, which ${problem}`, {
      kind: 'conflict',
      details: { id, by },
    });
  const [first] = built;
  if (first) throw inUse(first.id, 'could not be built again without it; delete that one first');
  for (const { id: by, state, request } of await listTrainingSetRecords(ports.records)) {
    const isBuilding = by !== id && uses(request.spine) && (state === 'queued' || state === 'running');
    if (isBuilding && !(await findDatasetManifest(ports.objects, by)))
      throw inUse(by, 'is being built; wait for it to end');
  }
}
