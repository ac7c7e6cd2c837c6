import { describe, expect, it } from 'vitest';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { diffDatasets } from '#engine/training-set/diff-datasets.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { putDataset } from './datasets-world.ts';

const trips = (...values: (bigint | null)[]): TypedColumn => ({ name: 'trips', type: 'int64', values });
const ratings = (...values: (number | null)[]): TypedColumn => ({ name: 'rating', type: 'float64', values });

async function diff(first: TypedColumn[][], second: TypedColumn[][], maximumExamples = 10) {
  const objects = new MemoryObjects();
  return diffDatasets(objects, {
    first: await putDataset({ objects, id: 'first' }, first),
    second: await putDataset({ objects, id: 'second' }, second),
    maximumExamples,
  });
}

describe('diffDatasets', () => {
  it('finds rows and columns that differ, however the files are cut', async () => {
    const first = [
      [trips(1n, 2n, 3n), ratings(1, Number.NaN, -0)],
      [trips(4n, null), ratings(null, 5)],
    ];
    const second = [
      [trips(1n, 2n), ratings(1, Number.NaN)],
      [trips(9n, 4n, 0n), ratings(0, null, 5)],
    ];
    expect(await diff(first, second)).toEqual({
      rows: 5,
      onlyInFirst: [],
      onlyInSecond: [],
      retyped: [],
      changed: [
        { column: 'trips', rows: 2 },
        { column: 'rating', rows: 1 },
      ],
      examples: [
        { row: 2, column: 'trips', first: 3n, second: 9n },
        { row: 2, column: 'rating', first: -0, second: 0 },
        { row: 4, column: 'trips', first: null, second: 0n },
      ],
    });
  });

  it('finds none between equal rows in files that are cut differently', async () => {
    const found = await diff([[trips(1n, 2n, 3n)]], [[trips(1n)], [trips(2n, 3n)]]);
    expect(found).toMatchObject({ changed: [], examples: [] });
  });

  it('tells lists apart by every element', async () => {
    const lists = (...values: (string | null)[][]): TypedColumn => ({ name: 'tags', type: 'list<string>', values });
    const found = await diff([[lists(['a', null], ['b'])]], [[lists(['a', null], ['b', 'c'])]]);
    expect(found.examples).toEqual([{ row: 1, column: 'tags', first: ['b'], second: ['b', 'c'] }]);
  });

  it('names columns of only one of them and of another type, and counts beyond the examples', async () => {
    const found = await diff(
      [[trips(1n, 2n), ratings(1, 2), { name: 'old', type: 'bool', values: [true, true] }]],
      [
        [
          trips(3n, 4n),
          { name: 'rating', type: 'float32', values: [1, 2] },
          { name: 'new', type: 'bool', values: [true, true] },
        ],
      ],
      1,
    );
    expect(found).toMatchObject({ onlyInFirst: ['old'], onlyInSecond: ['new'], retyped: ['rating'] });
    expect(found.changed).toEqual([{ column: 'trips', rows: 2 }]);
    expect(found.examples).toHaveLength(1);
  });

  it('does not read files of equal bytes', async () => {
    const objects = new MemoryObjects();
    const [first, second] = [
      await putDataset({ objects, id: 'first' }, [[trips(1n)]]),
      await putDataset({ objects, id: 'second' }, [[trips(1n)]]),
    ];
    await objects.delete(['datasets/first/part-00000.parquet']);
    expect((await diffDatasets(objects, { first, second, maximumExamples: 1 })).changed).toEqual([]);
  });

  it('refuses datasets whose rows are not the same ones in the same order, and CSV', async () => {
    const objects = new MemoryObjects();
    const first = await putDataset({ objects, id: 'first' }, [[trips(1n)]]);
    const second = await putDataset({ objects, id: 'second' }, [[trips(1n)]]);
    const compared = (change: Partial<typeof second>) =>
      diffDatasets(objects, { first, second: { ...second, ...change }, maximumExamples: 1 });
    await expect(compared({ split: { kind: 'time', cutsMillis: [1] } })).rejects.toThrow(
      'training sets first and second are sampled or split differently',
    );
    await expect(compared({ sample: { share: 0.5, seed: 0 } })).rejects.toThrow('sampled or split differently');
    await expect(compared({ format: 'csv' })).rejects.toThrow('training set second is CSV');
    expect((await compared({ fileRows: 1000 })).changed).toEqual([]);
  });

  it('refuses datasets of different spines', async () => {
    const objects = new MemoryObjects();
    const first = await putDataset({ objects, id: 'first' }, [[trips(1n)]]);
    const second = await putDataset({ objects, id: 'second' }, [[trips(1n)]], { sha256: 'another' });
    await expect(diffDatasets(objects, { first, second, maximumExamples: 1 })).rejects.toThrow(
      'training sets first and second were built from different spines',
    );
  });
});
