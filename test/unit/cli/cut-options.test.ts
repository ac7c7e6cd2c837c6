import { describe, expect, it } from 'vitest';
import { cutOptions } from '../../../cli/cut-options.ts';
import { splitLines } from '../../../cli/report/dataset-splits.ts';

describe('options of how a dataset is cut', () => {
  it('says nothing of what is not asked for', () => {
    expect(cutOptions({})).toEqual({});
  });

  it('reads splits, samples and files', () => {
    expect(cutOptions({ split: 'time=2013-10-01T00:00:00Z, 2013-11-15T00:00:00+01:00' })).toEqual({
      split: { kind: 'time', cutsMillis: [Date.UTC(2013, 9, 1), Date.UTC(2013, 10, 14, 23)] },
    });
    expect(cutOptions({ split: 'hash=0.8,.1,0.1', 'split-by': 'plane', 'split-seed': '7' })).toEqual({
      split: { kind: 'hash', shares: [0.8, 0.1, 0.1], by: 'plane', seed: 7 },
    });
    expect(cutOptions({ sample: '0.1', 'sample-by': 'plane', 'sample-seed': '0' })).toEqual({
      sample: { share: 0.1, by: 'plane', seed: 0 },
    });
    expect(cutOptions({ sample: '0.1', 'file-rows': '5000', format: 'csv' })).toEqual({
      sample: { share: 0.1 },
      fileRows: 5000,
      format: 'csv',
    });
  });

  it.each<[Record<string, string>, string]>([
    [{ split: '0.8,0.2' }, '--split is time=2013-10-01T00:00:00Z or hash=0.8,0.2, got "0.8,0.2"'],
    [{ split: 'time=2013-10-01' }, 'a date alone is not an instant'],
    [{ split: 'hash=0.8,0.2' }, 'a split by hash needs the entity'],
    [{ split: 'hash=80,20', 'split-by': 'plane' }, 'a share of --split is a number between 0 and 1, as 0.1, got "80"'],
    [{ split: 'time=2013-10-01T00:00Z', 'split-seed': '1' }, 'neither an entity nor a seed'],
    [{ 'split-by': 'plane' }, '--split-by and --split-seed need --split'],
    [{ 'sample-seed': '1' }, '--sample-by and --sample-seed need --sample'],
    [{ sample: '10%' }, 'a share of --sample is a number between 0 and 1, as 0.1, got "10%"'],
    [{ sample: '0.1', 'sample-seed': '-1' }, '--sample-seed must be a whole number'],
    [{ format: 'orc' }, '--format is parquet or csv, got orc'],
  ])('refuses %j', (options, message) => {
    expect(() => cutOptions(options)).toThrow(message);
  });

  it('tells rows, files and times of every split', () => {
    expect(
      splitLines({ splits: [{ name: 'test', rows: 1200, files: 1, minEventMillis: 0, maxEventMillis: 1 }] }),
    ).toEqual(['  test: 1,200 rows in 1 file, 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.001Z']);
    expect(splitLines({ sample: { share: 0.1, by: 'plane', seed: 7 } })).toEqual([
      '  a sample of 0.1 by plane, seed 7',
    ]);
    expect(splitLines({ sample: { share: 0.1, seed: 0 } })).toEqual(['  a sample of 0.1 by row, seed 0']);
    expect(splitLines({})).toEqual([]);
  });
});
