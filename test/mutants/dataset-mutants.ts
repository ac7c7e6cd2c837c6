import type { Mutant } from './mutant.ts';

const placement = 'test/property/training-set/row-placement.test.ts';
const goldens = 'test/unit/engine/training-set/row-placement.test.ts';
const split = 'test/unit/engine/training-set/split-dataset.test.ts';

/** Faults of which rows a dataset has, and in which split. */
export const datasetMutants: readonly Mutant[] = [
  {
    rule: 'training sets',
    fault: 'a label exactly at the cut is in train',
    file: 'lib/engine/training-set/row-placement.ts',
    find: 'millis >= cut)',
    replace: 'millis > cut)',
    tests: [placement],
  },
  {
    rule: 'training sets',
    fault: 'rows with a null key are all one entity',
    file: 'lib/engine/training-set/row-placement.ts',
    find: 'ownKeys?.every((key) => key !== null) ?? false',
    replace: 'ownKeys !== undefined',
    tests: [placement],
  },
  {
    rule: 'training sets',
    fault: 'a sample lies in one split',
    file: 'lib/engine/training-set/row-placement.ts',
    find: 'JSON.stringify([purpose, seed, ...identity])',
    replace: "JSON.stringify(['split', seed, ...identity])",
    tests: [goldens],
  },
  {
    rule: 'training sets',
    fault: 'the seed decides nothing',
    file: 'lib/engine/training-set/row-placement.ts',
    find: '[purpose, seed, ...identity]',
    replace: '[purpose, 0, ...identity]',
    tests: [goldens],
  },
  {
    rule: 'training sets',
    fault: 'staging that was stopped deals rows twice',
    file: 'lib/engine/training-set/deal-rows.ts',
    find: ' || block.firstRow + at < hand.nextRow',
    replace: '',
    tests: [split],
  },
  {
    rule: 'training sets',
    fault: 'files of splits come in the order in which they were staged',
    file: 'lib/engine/training-set/dataset-splits.ts',
    find: 'placeOf(a) - placeOf(b)',
    replace: '0',
    tests: [split],
  },
  {
    rule: 'training sets',
    fault: 'an empty text in CSV is a null',
    file: 'lib/codec/csv-write.ts',
    find: "text === '' || ",
    replace: '',
    tests: ['test/unit/codec/csv-write.test.ts'],
  },
];
