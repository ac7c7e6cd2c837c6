import type { Mutant } from './mutant.ts';

const reads = 'test/unit/feast/get-online-features.test.ts';
const writes = 'test/unit/feast/writes.test.ts';
const appended = 'lib/engine/ingest/append-rows.ts';

/** Faults of Feast's routes: what is served without training seeing it, and values that are not of the type they say. */
export const feastMutants: readonly Mutant[] = [
  {
    rule: 'visibility',
    fault: 'a pushed row is served before its delay has passed',
    file: appended,
    find: 'Number(row[source.eventTime]) + view.delayMillis',
    replace: 'Number(row[source.eventTime])',
    tests: [writes],
  },
  {
    rule: 'visibility',
    fault: 'a pushed row is served and kept nowhere',
    file: appended,
    find: 'await ports.objects.put(key, bytes, { ifAbsent: true });',
    replace: 'void [key, bytes];',
    tests: [writes],
  },
  {
    rule: 'newer wins',
    fault: 'a pushed row has its created time for its event time',
    file: appended,
    find: 'createdTimeMillis: millisOf(createdTime) ?? eventTimeMillis',
    replace: 'createdTimeMillis: eventTimeMillis',
    tests: [writes],
  },
  {
    rule: 'deletes',
    fault: 'a pushed tombstone is a row',
    file: appended,
    find: 'deleted: deleted !== undefined && row[deleted] === true',
    replace: 'deleted: false',
    tests: [writes],
  },
  {
    rule: 'streams',
    fault: 'rows beside one that is refused are put into the stream',
    file: 'lambdas/write-features/write-rows.ts',
    find: '{ isWhole: true }',
    replace: '{ isWhole: false }',
    tests: [writes],
  },
  {
    rule: 'types',
    fault: 'a whole float reads as an integer',
    file: 'lib/codec/feast-json.ts',
    find: "Number.isInteger(value) && !text.includes('e')",
    replace: 'false',
    tests: [reads],
  },
  {
    rule: 'ttl',
    fault: 'an expired row passes for a present one',
    file: 'lib/engine/serve/feast-response.ts',
    find: "return 'OUTSIDE_MAX_AGE';",
    replace: "return 'PRESENT';",
    tests: [reads],
  },
];
