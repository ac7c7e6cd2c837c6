import { describe, expect, it } from 'vitest';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { countedEvents, streamFeatureAt } from '../oracle/stream-view.ts';
import { instantsOf, kindsOf, oracleStreams, recordsOf, type SourceName, streamViewCases } from './stream-world.ts';

const { seed, cases, again } = randomSettings(1000);

describe(`random logs of streams (${again})`, () => {
  it.each(['seamed', 'deduplicated'] as const)('%s: every kind of record occurs', (sourceName: SourceName) => {
    const random = new Random(seed);
    const coverage = new Coverage();
    for (let caseId = 0; caseId < cases; caseId++)
      coverage.case(kindsOf(recordsOf(random, caseId, sourceName), sourceName));
    expect(coverage.thin).toEqual([]);
  });

  it.each(streamViewCases)('$view.name: windows are present, empty and not representable', (one) => {
    const random = new Random(seed);
    const coverage = new Coverage();
    const limit = one.maxEvents === undefined ? {} : { maxEvents: one.maxEvents };
    for (let caseId = 0; caseId < 200; caseId++) {
      const records = recordsOf(random, caseId, one.sourceName);
      const events = countedEvents(records, oracleStreams[one.sourceName]).filter(({ key }) => key !== null);
      for (const t of instantsOf(random, records, one)) {
        for (const key of new Set(events.map((event) => event.key))) {
          const own = events.filter((event) => event.key === key);
          const marks = one.features.map((feature) => streamFeatureAt(own, feature, { t, ...limit }).mark);
          coverage.case({
            present: marks.includes('.'),
            empty: marks.includes('d'),
            'not representable': marks.includes('e'),
            'nothing counts': marks.every((mark) => mark === 'd'),
          });
        }
      }
    }
    expect(coverage.thin).toEqual([]);
  });
});
