import { beforeEach, describe, expect, it } from 'vitest';
import { planServing } from '#engine/serve/plan.ts';
import { servePolicy } from '#engine/serve/policy.ts';
import { serveFeatures } from '#engine/serve/serve-features.ts';
import type { ServingPolicy } from '#spec/serving-policy.ts';
import { KeptRows } from '#store/kept-rows.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import type { ReadOptions, ReadOutcome, RowAddress } from '#store/online-rows.ts';
import { closedOf, headOf, hour, keyOf, minute, now, packed, repository, ride } from './stream-world.ts';

/** Addresses named in `failing` are not read; the rest are. */
class FailingRows extends MemoryOnlineRows {
  readonly failing = new Set<string>();
  override async read(addresses: readonly RowAddress[], options: ReadOptions): Promise<readonly ReadOutcome[]> {
    const outcomes = await super.read(addresses, options);
    return outcomes.map((outcome, index) =>
      this.failing.has(addresses[index]?.viewId ?? '') ? { kind: 'failed', reason: 'throttled' } : outcome,
    );
  }
}

let nowMillis = now;
let rows: FailingRows;
let kept: KeptRows;
beforeEach(() => {
  nowMillis = now;
  rows = new FailingRows();
  kept = new KeptRows(rows, { clock: () => nowMillis });
});
let writes = 0;
const put = (address: RowAddress, text: string) =>
  rows.writeNewer([{ ...address, order: String(writes++).padStart(9), packed: text }]);

/** What is served of driver 1: rides of the last hour, and the text of a view on demand that reads the windows and a row. */
async function served(serving: ServingPolicy) {
  const plan = {
    ...planServing(repository, { features: ['live:rides_1h', 'level:text'] }),
    policy: servePolicy(serving),
  };
  const {
    rows: answers,
    counts,
    partial,
  } = await serveFeatures(kept, {
    plan,
    entityKeys: [[keyOf(1)]],
    request: [],
    asOfMillis: nowMillis,
    deadlineMillis: nowMillis + 1000,
    consistency: 'eventual',
  });
  return { values: answers[0]?.values, status: answers[0]?.status, partial, fallbacks: counts.fallbacks };
}

const cache = { ttlMillis: hour, negativeTtlMillis: hour };
const lastKnown: ServingPolicy = { onUnavailable: { kind: 'lastKnown', withinMillis: 4 * hour } };

describe('windows of a state that is kept', () => {
  beforeEach(() => put(headOf(1), packed([ride(30 * minute, 10), ride(5 * minute, 20)])));

  it('move on while the state is served from the cache', async () => {
    expect(await served({ cache })).toMatchObject({ values: [2n, '2 15 null'], status: ['PRESENT', 'PRESENT'] });
    await put(headOf(1), packed([]));
    nowMillis += 40 * minute;
    expect(await served({ cache })).toMatchObject({ values: [1n, '1 15 null'], status: ['PRESENT', 'PRESENT'] });
  });

  it('move on while the store is down, as FALLBACK, and what is computed from them is FALLBACK too', async () => {
    await served(lastKnown);
    for (const { viewId } of [headOf(1), closedOf(1)]) rows.failing.add(viewId);
    nowMillis += 40 * minute;
    expect(await served(lastKnown)).toEqual({
      values: [1n, '1 15 null'],
      status: ['FALLBACK', 'FALLBACK'],
      partial: false,
      fallbacks: 1,
    });
    nowMillis += 30 * minute;
    expect(await served(lastKnown)).toMatchObject({ values: [0n, '0 15 null'], status: ['FALLBACK', 'FALLBACK'] });
  });

  it('whose last known items are of two hand-overs have the defaults, without waiting for others', async () => {
    const closedUntilMillis = now + hour;
    await put(headOf(1), packed([], { handOvers: 1, closedUntilMillis }));
    await put(closedOf(1), packed([ride(30 * minute, 10)], { handOvers: 1 }));
    await served(lastKnown);
    rows.failing.add(closedOf(1).viewId);
    await put(headOf(1), packed([], { handOvers: 2, closedUntilMillis }));
    expect(await served(lastKnown)).toMatchObject({ status: ['FALLBACK', 'FALLBACK'], fallbacks: 1 });
  });
});
