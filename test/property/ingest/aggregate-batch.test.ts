import { describe, expect, it } from 'vitest';
import type { AggregateCounts } from '#engine/ingest/aggregate-batch.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { FaultyItems } from '#test/support/faulty-items.ts';
import { IngestWorld } from '#test/support/ingest-world.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { type CallHook, killAt } from '../../kill/mortal-ports.ts';
import { manifest, recordsOf, type SourceName, sources, streamViewCases } from '../stream-world.ts';
import { expectedOf, shardsOf } from './stream-records.ts';

const { seed, cases, again } = randomSettings(300);
const moments = ['before', 'after'] as const;

/** Reads a shard as Lambda does: batch after batch, again from where a batch was handed back, all of it where its process died. */
class Poller {
  position = 0;
  readonly records: readonly StreamRecord[];
  readonly #ended: (counts: AggregateCounts | 'killed' | 'handedBack') => void;

  constructor(records: readonly StreamRecord[], ended: (end: AggregateCounts | 'killed' | 'handedBack') => void) {
    this.records = records;
    this.#ended = ended;
  }

  get isAtEnd(): boolean {
    return this.position >= this.records.length;
  }

  async poll(world: IngestWorld, size: number, how: { hook?: CallHook; items?: FaultyItems } = {}): Promise<void> {
    const start = this.position;
    const batch = this.records.slice(start, start + size);
    world.nowMillis = Math.max(world.nowMillis, ...batch.map(({ arrivalMillis }) => arrivalMillis));
    const { result } = await world.consume(batch, how);
    this.#ended(result === 'killed' ? result : result.failedFrom === undefined ? result.counts : 'handedBack');
    if (result === 'killed') return;
    const failed = batch.findIndex(({ sequence }) => sequence === result.failedFrom);
    this.position = start + (result.failedFrom === undefined ? batch.length : failed);
  }
}

/** Runs another poller's batch at one call of this one: both have read the same item then, and both write it. */
function interleaved(random: Random, world: IngestWorld, other: Poller): CallHook {
  const atCall = random.integer(0, 6);
  const atMoment = random.pick(moments);
  const size = random.integer(1, 4);
  return async (moment, call) => {
    if (moment === atMoment && call === atCall) await other.poll(world, size);
  };
}

async function deliver(random: Random, world: IngestWorld, pollers: readonly Poller[]): Promise<void> {
  const troubles = ['none', 'none', 'kill', 'interleave', 'interleave', 'fault', 'again'] as const;
  for (let left = 200; pollers.some((poller) => !poller.isAtEnd); left--) {
    const poller = random.pick(pollers);
    const trouble = left < 50 ? 'none' : random.pick(troubles);
    const size = random.integer(1, 6);
    if (trouble === 'kill')
      await poller.poll(world, size, { hook: killAt(random.pick(moments), random.integer(0, 8)) });
    else if (trouble === 'interleave')
      await poller.poll(world, size, { hook: interleaved(random, world, random.pick(pollers)) });
    else if (trouble === 'fault') {
      const faultOf = () => (random.chance(0.5) ? random.pick(['refused', 'lost', 'unsure'] as const) : undefined);
      await poller.poll(world, size, { items: new FaultyItems(world.items, faultOf) });
    } else {
      // An answer that was lost, a lease that was taken over: what has been done comes once more.
      if (trouble === 'again') poller.position = random.integer(0, poller.position);
      await poller.poll(world, size);
    }
  }
}

describe(`events of a stream, delivered in any way (${again})`, () => {
  it.each(['seamed', 'deduplicated'] as const)(
    '%s: every window is as if each record had been folded once',
    async (name: SourceName) => {
      const random = new Random(seed);
      const coverage = new Coverage();
      let compared = 0;
      for (let caseId = 0; caseId < cases; caseId++) {
        const records = recordsOf(random, caseId, name);
        const world = new IngestWorld(manifest, sources[name], {
          handOverBytes: random.pick([0, 400, 1000, 1_000_000]),
        });
        const ends: (AggregateCounts | 'killed' | 'handedBack')[] = [];
        const shards = shardsOf(random, records);
        await deliver(
          random,
          world,
          shards.map((shard) => new Poller(shard, (end) => ends.push(end))),
        );
        for (const one of streamViewCases.filter(({ sourceName }) => sourceName === name)) {
          const target = world.view(one.view.name);
          for (const { entityKey, atMillis, values, marks } of expectedOf(random, records, one)) {
            compared++;
            const reading = await world.reading(target, entityKey, atMillis);
            expect(reading, `case ${caseId}, ${entityKey} at ${atMillis}`).toEqual({ kind: 'values', values, marks });
          }
        }
        const done = ends.filter((end) => typeof end === 'object');
        const some = (count: keyof AggregateCounts) => done.some((counts) => counts[count] > 0);
        coverage.case({
          'several shards': shards.length > 1,
          killed: ends.includes('killed'),
          'handed back': ends.includes('handedBack'),
          conflicts: some('conflicts'),
          'hand-overs': some('handOvers'),
          repeated: some('duplicates'),
          quarantined: some('quarantined'),
          'left to the history': name === 'deduplicated' || some('notOurs'),
        });
      }
      expect(compared).toBeGreaterThan(cases);
      expect(coverage.thin).toEqual([]);
    },
  );
});
