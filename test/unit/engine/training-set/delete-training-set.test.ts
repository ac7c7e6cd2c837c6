import { describe, expect, it } from 'vitest';
import { listTrainingSets } from '#engine/training-set/datasets.ts';
import { deleteTrainingSet } from '#engine/training-set/delete-training-set.ts';
import { getTrainingSetRecord, updateTrainingSetRecord } from '#engine/training-set/training-set-record.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { putDataset } from './datasets-world.ts';
import { nowMillis, requestOf, type World, world } from './world.ts';

const columns = [[{ name: 'trips', type: 'int64' as const, values: [1n] }]];

/** A complete training set t1, with what its steps left, beside another one. */
async function complete(at: World = world()): Promise<World> {
  await putDataset({ objects: at.objects, id: 't1' }, columns);
  await putDataset({ objects: at.objects, id: 't10' }, columns);
  await at.objects.put('training-sets/work/t1/plan.json', '{}');
  await at.objects.put('training-sets/spines/dataset=t1/part=0/spine.parquet', '1');
  await updateTrainingSetRecord(at.records, requestOf(), { state: 'succeeded', nowMillis });
  return at;
}
const keys = async (at: World): Promise<string[]> => {
  const found: string[] = [];
  for await (const { key } of at.objects.list('')) found.push(key);
  return found;
};

describe('deleteTrainingSet', () => {
  it('deletes the dataset and what its build has left, and nothing else', async () => {
    const at = await complete();
    expect(await deleteTrainingSet(at, 't1')).toBe(4);
    expect(await keys(at)).toEqual(['datasets/t10/manifest.json', 'datasets/t10/part-00000.parquet']);
    expect((await getTrainingSetRecord(at.records, 't1'))?.state).toBe('deleted');
  });

  it('never leaves half a dataset listed, and ends when it is called again', async () => {
    class Failing extends MemoryObjects {
      calls = 0;
      override async delete(deleted: readonly string[]): Promise<void> {
        if (++this.calls === 2) throw new Error('stopped');
        return super.delete(deleted);
      }
    }
    const at = await complete({ ...world(), objects: new Failing() });
    await expect(deleteTrainingSet(at, 't1')).rejects.toThrow('stopped');
    expect((await listTrainingSets(at.objects)).map(({ id }) => id)).toEqual(['t10']);
    await deleteTrainingSet(at, 't1');
    expect(await keys(at)).toHaveLength(2);
  });

  it('refuses one that another training set has as its spine', async () => {
    const at = await complete();
    await putDataset({ objects: at.objects, id: 'next' }, columns, { key: 'datasets/t1/part-00000.parquet' });
    await expect(deleteTrainingSet(at, 't1')).rejects.toThrow('training set t1 is the spine of next');
    expect((await listTrainingSets(at.objects)).map(({ id }) => id)).toContain('t1');
    await deleteTrainingSet(at, 'next');
    await deleteTrainingSet(at, 't1');
  });

  it('refuses one that a build is reading as its spine', async () => {
    const at = await complete();
    const request = requestOf({ id: 'next', spine: 'datasets/t1/part-00000.parquet' });
    await updateTrainingSetRecord(at.records, request, { state: 'running', nowMillis });
    await expect(deleteTrainingSet(at, 't1')).rejects.toThrow('is the spine of next, which is being built');
    await updateTrainingSetRecord(at.records, request, { state: 'failed', nowMillis });
    await deleteTrainingSet(at, 't1');
  });

  it.each(['t2', '../t1', ''])('knows no training set %j', async (id) => {
    await expect(deleteTrainingSet(await complete(), id)).rejects.toThrow('there is no complete training set');
  });
});
