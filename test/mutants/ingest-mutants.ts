import type { Mutant } from './mutant.ts';

const batch = 'test/unit/ingest/aggregate-batch.test.ts';
const kill = 'test/kill/aggregate.test.ts';
const random = 'test/property/ingest/aggregate-batch.test.ts';
const beside = 'test/kill/backfill.test.ts';
const served = 'test/unit/serve';

/** Faults of how streams are consumed: what is counted once, and what is said where something is missing. */
export const ingestMutants: readonly Mutant[] = [
  {
    rule: 'streams',
    fault: 'what an item has applied is applied again',
    file: 'lib/engine/ingest/take-events.ts',
    find: 'sequence <= known.sequence',
    replace: 'sequence < known.sequence',
    tests: [kill, random],
  },
  {
    rule: 'streams',
    fault: 'after a conflict the old state is folded again',
    file: 'lib/engine/ingest/apply-entity.ts',
    find: 'found = write.found;',
    replace: '',
    tests: [kill, random],
  },
  {
    rule: 'streams',
    fault: 'a batch that failed is reported as done',
    file: 'lib/engine/ingest/aggregate-batch.ts',
    find: 'if (this.#failedFrom === undefined || sequence < this.#failedFrom) this.#failedFrom = sequence;',
    replace: '',
    tests: [batch, kill],
  },
  {
    rule: 'streams',
    fault: 'a rebuild forgets what an item has seen of the stream',
    file: 'lib/engine/ingest/entity-state.ts',
    find: 'hasHistory: false, shards: before.progress.shards',
    replace: 'hasHistory: false, shards: new Map()',
    tests: [batch, beside],
  },
  {
    rule: 'streams',
    fault: 'the history is merged with every backfill',
    file: 'lib/engine/backfill/merge-history.ts',
    find: 'before.progress.run === cut.run && before.progress.hasHistory',
    replace: 'before.progress.run === cut.run && false',
    tests: [beside],
  },
  {
    rule: 'streams',
    fault: 'a view that comes later takes everything for its own',
    file: 'lib/engine/ingest/cuts.ts',
    find: 'cuts ? firstCutMillis(source, nowMillis) : 0',
    replace: '0',
    tests: ['test/unit/ingest/cuts.test.ts'],
  },
  {
    rule: 'streams',
    fault: 'items grow old until the cut',
    file: 'lib/engine/ingest/fold-events.ts',
    find: '? cut : previous;',
    replace: '? cut : cut;',
    tests: [batch],
  },
  {
    rule: 'streams',
    fault: 'a part is served for the whole until the history is back',
    file: 'lib/engine/ingest/entity-state.ts',
    find: 'newestMillis === undefined ? null : Math.min(newestMillis, cutMillis)',
    replace: 'newestMillis === undefined ? null : null',
    tests: [batch],
  },
  {
    rule: 'streams',
    fault: 'the number of a hand-over comes twice',
    file: 'lib/engine/ingest/plan-write.ts',
    find: 'Math.max(after.handOvers, stored.handOvers) + 1',
    replace: 'after.handOvers + 1',
    tests: [batch, kill],
  },
  {
    rule: 'streams',
    fault: 'a second item that is gone goes unnoticed',
    file: 'lib/engine/ingest/plan-write.ts',
    find: 'matters && stored.handOvers < after.handOvers',
    replace: 'matters && false',
    tests: [batch, kill],
  },
  {
    rule: 'streams',
    fault: 'items of two hand-overs are served together',
    file: 'lib/engine/serve/cells.ts',
    find: 'first.handOvers === second.handOvers ?',
    replace: 'first.handOvers >= 0 ?',
    tests: [served],
  },
  {
    rule: 'streams',
    fault: 'copies of forgotten fingerprints count beside the loss',
    file: 'lib/engine/ingest/plan-write.ts',
    find: 'lostUntilMillis: lostUntilMillis + rules.source.allowedSkewMillis',
    replace: 'lostUntilMillis',
    tests: [batch],
  },
  {
    rule: 'streams',
    fault: 'a batch that comes again is put again',
    file: 'lib/engine/ingest/archive-batch.ts',
    find: 'body, { ifAbsent: true }',
    replace: 'body',
    tests: ['test/kill/archive.test.ts'],
  },
];
