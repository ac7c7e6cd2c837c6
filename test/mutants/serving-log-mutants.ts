import type { Mutant } from './mutant.ts';

const log = 'test/unit/serving-log/serving-log.test.ts';
const verification = 'test/unit/serving-log/verify-log.test.ts';

/** Faults of the log of what is served, and of its verification: a proof that proves nothing. */
export const servingLogMutants: readonly Mutant[] = [
  {
    rule: 'types',
    fault: 'the sign of zero is lost in the serving log',
    file: 'lib/engine/serving-log/log-rows.ts',
    find: "Object.is(value, -0) ? '-0' : ",
    replace: '',
    tests: [log],
  },
  {
    rule: 'on-demand',
    fault: 'request fields for all rows are logged with the first one only',
    file: 'lib/engine/serving-log/log-rows.ts',
    find: 'answered.request.length === 1 ? 0 : at',
    replace: 'at',
    tests: [log, verification],
  },
  {
    rule: 'streams',
    fault: 'a row of the serving log that was put twice counts twice',
    file: 'lib/engine/serving-log/read-log.ts',
    find: 'seen.has(row.number)',
    replace: 'false',
    tests: [log],
  },
  {
    rule: 'streams',
    fault: 'rows that the serving log lost are not missed',
    file: 'lib/engine/serving-log/read-log.ts',
    find: 'greatest - least + 1 - numbers.size',
    replace: '0',
    tests: [log],
  },
  {
    rule: 'training sets',
    fault: 'logged rows of a definition that is gone are compared with the one that is deployed',
    file: 'lib/engine/serving-log/verify-log.ts',
    find: '?.definitionHash !== definitionHash',
    replace: ' === undefined',
    tests: [verification],
  },
  {
    rule: 'training sets',
    fault: 'logged values over streams that are wrong pass for late',
    file: 'lib/engine/serving-log/compare-logged.ts',
    find: 'near.has(at) && follows',
    replace: 'follows',
    tests: [verification],
  },
  {
    rule: 'training sets',
    fault: 'of a service with several entities only the last join counts',
    file: 'lib/engine/serving-log/recompute.ts',
    find: '{ ...offline[at], ...views }',
    replace: 'views',
    tests: [verification],
  },
];
