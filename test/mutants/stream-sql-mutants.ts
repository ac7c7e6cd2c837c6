// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of source files
import type { Mutant } from './mutant.ts';

const windows = 'test/property/stream-windows.cloud.test.ts';
const rows = 'test/property/stream-rows.cloud.test.ts';
const sketches = 'test/property/stream-sketches.cloud.test.ts';
const pruning = 'test/unit/sql/event-rows.test.ts';

const inSql = (file: string, mutant: Omit<Mutant, 'file' | 'rule'>): Mutant => ({
  rule: 'streams',
  file: `lib/sql/${file}.ts`,
  ...mutant,
});

/** Faults of the statements over streams. */
export const streamSqlMutants: readonly Mutant[] = [
  inSql('event-rows', {
    fault: 'in SQL an event counts before it has arrived',
    find: "mode === 'eventTime' ? '_t' : 'greatest(_t, _arrival)'",
    replace: "'_t'",
    tests: [windows],
  }),
  inSql('event-rows', {
    fault: 'in SQL an event that arrived just at the seam counts beside the history',
    find: '`${arrival} > ${instant(seam)}`',
    replace: '`${arrival} >= ${instant(seam)}`',
    tests: [windows],
  }),
  inSql('event-rows', {
    fault: 'in SQL the history counts up to its seam whatever its latency',
    find: '`${eventTime} <= ${instant(untilMillis - latencyMillis)}`',
    replace: '`${eventTime} <= ${instant(untilMillis)}`',
    tests: [windows],
  }),
  inSql('event-rows', {
    fault: 'in SQL copies of an event count',
    find: ' WHERE _fingerprint IS NULL OR _copy = 1',
    replace: '',
    tests: [windows],
  }),
  inSql('event-rows', {
    fault: 'in SQL the last of several copies counts',
    find: 'const order = [arrival,',
    replace: 'const order = [`${arrival} DESC`,',
    tests: [windows],
  }),
  inSql('event-rows', {
    fault: 'the first copy of an event is not looked for before the window',
    find: 'dropsCopies(source, options) ? allowedSkewMillis : 0',
    replace: '0',
    tests: [pruning],
  }),
  inSql('event-rows', {
    fault: 'days after the label are read, or days in which late events arrived are not',
    find: "mode === 'eventTime' ? deduplicateBy?.withinMillis : 0",
    replace: '0',
    tests: [pruning],
  }),
  inSql('label-spans', {
    fault: 'in SQL an event does not count at the very instant of its arrival',
    find: 'ORDER BY _ts, _k ROWS',
    replace: 'ORDER BY _ts, _k DESC ROWS',
    tests: [windows],
  }),
  inSql('label-spans', {
    fault: 'in SQL the tail of a window is not aligned to its hop',
    find: "'_t + mod(_hop - mod(_t, _hop), _hop) + _length'",
    replace: "'_t + _length'",
    tests: [windows],
  }),
  inSql('label-spans', {
    fault: 'in SQL an event that came too late is taken away without having counted',
    find: 'WHERE _k = 0 AND _a < _b',
    replace: 'WHERE _k = 0',
    tests: [windows],
  }),
  inSql('label-blocks', {
    fault: 'the last label of a span is left out of its blocks',
    find: "'_b - mod(_b, _size)'",
    replace: "'_b - 1 - mod(_b - 1, _size)'",
    tests: [windows],
  }),
  inSql('aggregate-value', {
    fault: 'in SQL a window of just maxEvents events is an error',
    find: '> ${plan.maxEvents}`',
    replace: '>= ${plan.maxEvents}`',
    tests: [windows],
  }),
  inSql('aggregate-value', {
    fault: 'in SQL values without a hash count as none',
    find: 'error: some(plan.unhashed(aggregation))',
    replace: 'error: undefined',
    tests: [rows],
  }),
  inSql('span-distincts', {
    fault: 'in SQL a value that is seen again counts twice',
    find: 'greatest(_a, _covered) AS _a',
    replace: '_a',
    tests: [windows],
  }),
  inSql('span-distincts', {
    fault: 'in SQL registers take over one value early',
    find: 'WHEN _names <= _exact THEN',
    replace: 'WHEN _names < _exact THEN',
    tests: [sketches],
  }),
  inSql('span-distincts', {
    fault: 'in SQL estimates never look at empty registers',
    find: '`WHEN _estimate <= ${double(linearCountingLimit)} AND',
    replace: '`WHEN _estimate <= 0e0 AND',
    tests: [sketches],
  }),
  inSql('span-quantiles', {
    fault: 'in SQL a quantile is of rank q * n',
    find: 'CAST(_all - 1 AS double)',
    replace: 'CAST(_all AS double)',
    tests: [windows],
  }),
  inSql('span-lists', {
    fault: 'in SQL last(n) is newest first',
    find: 'ORDER BY _t, ${part.name})',
    replace: 'ORDER BY _t DESC, ${part.name} DESC)',
    tests: [windows],
  }),
  inSql('training-set-sql', {
    fault: 'a label without a key has no windows at all',
    find: '`CASE WHEN ${windows}._at IS NULL THEN ${empty} ELSE ${windows}.${column} END`',
    replace: '`${windows}.${column}`',
    tests: [windows],
  }),
  inSql('feature-rows', {
    fault: 'a row of a table over a stream counts from its event time',
    find: '`_from + ${bigint(view.delayMillis)}`',
    replace: '`_t + ${bigint(view.delayMillis)}`',
    tests: [rows],
  }),
  inSql('backfill-tiles-sql', {
    fault: 'an event of a history goes to the next level while the window of its own still reads it',
    find: "`WHEN ${roundedUp('_t', hopMillis)} + ",
    replace: '`WHEN _t + ',
    tests: ['test/property/backfill-tiles.cloud.test.ts'],
  }),
];
