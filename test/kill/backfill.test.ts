import { describe, expect, it, vi } from 'vitest';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { mergedRun } from '#engine/backfill/backfill-state.ts';
import { listRunRecords } from '#engine/materialize/run-record.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { countedEvents, type OracleRecord, streamFeatureAt } from '../oracle/stream-view.ts';
import { shardsOf } from '../property/ingest/stream-records.ts';
import {
  entity,
  historyUntil,
  oracleStreams,
  recordsOf,
  type SourceName,
  type StreamViewCase,
  start,
  streamViewCases,
} from '../property/stream-world.ts';
import { BackfillWorld } from './backfill-world.ts';
import { type CallHook, killAt, neverKilled } from './mortal-ports.ts';

// Hundreds of backfills: on a machine that does other things at once they take a while.
vi.setConfig({ testTimeout: 600_000 });

const { seed, cases, again } = randomSettings(60);
const moments = ['before', 'after'] as const;
const minute = 60_000;

/** A log of several entities, and the live stream's way through it. */
class Scene {
  readonly world: BackfillWorld;
  readonly one: StreamViewCase;
  readonly records: readonly OracleRecord[];
  readonly #left: StreamRecord[][];
  readonly #random: Random;
  #consumed: Promise<void> = Promise.resolve();

  constructor(random: Random, sourceName: SourceName, entities: number) {
    this.#random = random;
    this.one = random.pick(streamViewCases.filter((view) => view.sourceName === sourceName));
    const all = Array.from({ length: entities }, (_, caseId) => recordsOf(random, caseId, sourceName));
    this.records = all.flat().sort((a, b) => (a.arrival ?? 0) - (b.arrival ?? 0));
    const shards = shardsOf(random, this.records).map((shard) =>
      shard.sort((a, b) => a.arrivalMillis - b.arrivalMillis || (a.sequence < b.sequence ? -1 : 1)).map(renumbered),
    );
    this.#left = shards.map((shard) => [...shard]);
    const handOverBytes = random.pick([0, 400, 1000, 1_000_000]);
    this.world = new BackfillWorld({ sourceName, records: this.records, shards, handOverBytes });
  }

  get isAtEnd(): boolean {
    return this.#left.every((shard) => shard.length === 0);
  }

  /**
   * The live stream applies a few more records, all of one shard, up to arrivals of `untilMillis`. One batch after the other: a shard has but one
   * consumer.
   */
  live(untilMillis: number): Promise<void> {
    this.#consumed = this.#consumed.then(() => this.#consume(untilMillis));
    return this.#consumed;
  }

  async #consume(untilMillis: number): Promise<void> {
    const { world } = this;
    const open = this.#left.filter(([first]) => first && first.arrivalMillis <= untilMillis);
    if (open.length === 0) return;
    const shard = this.#random.pick(open);
    const batch = shard.slice(0, this.#random.integer(1, 4)).filter((one) => one.arrivalMillis <= untilMillis);
    world.nowMillis = Math.max(world.nowMillis, ...batch.map(({ arrivalMillis }) => arrivalMillis));
    const { result } = await world.consume(batch);
    expect(result === 'killed' ? result : result.failedFrom).toBeUndefined();
    shard.splice(0, batch.length);
  }

  async liveUntil(untilMillis: number): Promise<void> {
    while (this.#left.some(([first]) => first && first.arrivalMillis <= untilMillis)) await this.live(untilMillis);
    this.world.nowMillis = Math.max(this.world.nowMillis, untilMillis);
  }

  /** An instant after everything has arrived. */
  get endMillis(): number {
    return Math.max(start, historyUntil, ...this.records.map(({ arrival = 0 }) => arrival)) + 1;
  }

  /** The items are as one pass over everything would have left them. */
  async expectEqualsOracle(): Promise<void> {
    const { world, one, records } = this;
    const target = world.view(one.view.name);
    const counted = countedEvents(records, oracleStreams[one.sourceName]);
    const limit = one.maxEvents === undefined ? {} : { maxEvents: one.maxEvents };
    const now = world.nowMillis;
    // As far as the live stream has come; later instants only where nothing more arrives.
    for (const t of this.isAtEnd ? [now, now + 47 * minute, now + 150 * minute] : [now])
      for (const key of new Set(records.map((record) => record.key))) {
        if (key === null) continue;
        const own = counted.filter((event) => event.key === key);
        const cells = one.features.map((feature) => streamFeatureAt(own, feature, { t, ...limit }));
        const [caseId, part] = JSON.parse(key);
        const reading = await world.reading(target, encodeEntityKey(entity, [BigInt(caseId), part]), t);
        expect(reading, `${key} at ${t}`).toEqual({
          kind: 'values',
          values: cells.map(({ value }) => value),
          marks: cells.map(({ mark }) => mark).join(''),
        });
      }
  }
}

/** Shards of several cases together: sequences in the order of arrivals. */
const renumbered = (record: StreamRecord, index: number): StreamRecord => ({
  ...record,
  sequence: String(index + 1).padStart(56, '0'),
});

/** Ten cases of a seed, cut in the middle of their log; the live stream has come a while beyond the cut. */
async function scene(
  sourceName: SourceName,
  seedOf: number,
): Promise<{ readonly scene: Scene; readonly view: string }> {
  const one = new Scene(new Random(seedOf), sourceName, 10);
  await one.world.cut(start + 90 * minute);
  await one.liveUntil(start + 110 * minute);
  one.world.failingAttempt = /selection\/1\//;
  return { scene: one, view: one.one.view.name };
}

async function atEachBoundary(
  calls: number,
  test: (moment: 'before' | 'after', call: number) => Promise<void>,
): Promise<void> {
  for (const moment of moments)
    for (let call = 0; call < calls; call += 1)
      await test(moment, call).catch((error: unknown) => {
        throw new Error(`killed ${moment} call ${call}`, { cause: error });
      });
}

describe.each([
  ['seamed', 3],
  ['deduplicated', 4],
] as const)('a backfill of a view of the %s source', (sourceName, seedOf) => {
  it('gives each entity its history, and a second one changes nothing', async () => {
    const { scene: one, view } = await scene(sourceName, seedOf);
    const { outcome, process } = await one.world.backfill({ view });
    expect(outcome).toBe('succeeded');
    expect(process.calls).toBeGreaterThan(30);
    await one.expectEqualsOracle();
    await one.world.expectIdle(view);
    const [record] = await listRunRecords(one.world.runRecords, one.one.view, 1);
    expect(record).toMatchObject({ state: 'succeeded', kind: 'stream', cutRun: 1, rowsFailed: 0, rowsOlder: 0 });
    expect(record?.rowsWritten).toBeGreaterThan(3);

    const items = one.world.storedItems();
    expect((await one.world.backfill({ view })).outcome).toBe('nothing');
    expect(one.world.storedItems()).toBe(items);
  });

  it('loses and doubles nothing when it is killed at any call and another one runs', async () => {
    const first = await scene(sourceName, seedOf);
    const { process } = await first.scene.world.backfill({ view: first.view }, neverKilled);
    await atEachBoundary(process.calls, async (moment, call) => {
      const { scene: one, view } = await scene(sourceName, seedOf);
      expect((await one.world.backfill({ view }, killAt(moment, call))).outcome).toBe('killed');
      expect((await one.world.backfill({ view })).outcome).toMatch(/succeeded|nothing/);
      await one.expectEqualsOracle();
      await one.world.expectIdle(view);
    });
  });

  it('goes on where a step was killed at any call and is tried again in the same execution', async () => {
    const first = await scene(sourceName, seedOf);
    const { process } = await first.scene.world.backfill({ view: first.view }, neverKilled);
    await atEachBoundary(process.calls, async (moment, call) => {
      const { scene: one, view } = await scene(sourceName, seedOf);
      expect(await one.world.backfillRetrying({ view }, killAt(moment, call))).toBe('succeeded');
      await one.expectEqualsOracle();
      expect((await one.world.backfill({ view })).outcome).toBe('nothing');
      await one.world.expectIdle(view);
    });
  });

  it('is refused while another one runs, and the two together count once', async () => {
    const { scene: one, view } = await scene(sourceName, seedOf);
    const outcomes: string[] = [];
    const meanwhile: CallHook = async (moment, call) => {
      if (moment === 'before' && call % 7 === 3) outcomes.push((await one.world.backfill({ view })).outcome);
    };
    expect((await one.world.backfill({ view }, meanwhile)).outcome).toBe('succeeded');
    expect(new Set(outcomes)).toEqual(new Set(['failed']));
    await one.expectEqualsOracle();
  });

  it('leaves everything right when it was taken over and wakes up again', async () => {
    const first = await scene(sourceName, seedOf);
    const { process } = await first.scene.world.backfill({ view: first.view }, neverKilled);
    for (let call = 0; call < process.calls; call += 1) {
      const { scene: one, view } = await scene(sourceName, seedOf);
      await one.world.backfill({ view }, async (moment, atCall) => {
        if (moment !== 'before' || atCall !== call) return;
        one.world.executions.stop('execution-0');
        expect((await one.world.backfill({ view })).outcome, `before call ${call}`).toMatch(/succeeded|nothing|failed/);
      });
      expect((await one.world.backfill({ view })).outcome).toMatch(/succeeded|nothing/);
      await one.expectEqualsOracle();
      await one.world.expectIdle(view);
    }
  });
});

describe(`backfills beside the live stream (${again})`, () => {
  it.each(['seamed', 'deduplicated'] as const)('%s: every value is that of one pass over everything', async (name) => {
    const random = new Random(seed);
    const coverage = new Coverage();
    for (let caseId = 0; caseId < cases; caseId += 1) {
      const one = new Scene(random, name, random.integer(1, 4));
      const { world } = one;
      const view = one.one.view.name;
      const cutMillis = start + random.integer(-60, 150) * minute;
      await world.cut(cutMillis);
      const liveMillis = cutMillis + random.integer(0, 60) * minute;
      await one.liveUntil(liveMillis);
      let killed = 0;
      let conflicts = 0;
      // At any call of the backfill the live stream applies something; now and then the backfill dies instead.
      const beside: CallHook = async (moment, call, called) => {
        if (random.chance(0.03)) {
          killed += 1;
          return killAt(moment, call)(moment, call, called);
        }
        if (!random.chance(0.25)) return;
        if (moment === 'before' && called.startsWith('items.write')) conflicts += 1;
        await one.live(world.nowMillis + 5 * minute);
      };
      world.whileWaiting = () => one.live(world.nowMillis);
      const rebuilds = random.chance(0.4);
      for (let tries = 0; ; tries += 1) {
        const outcome = await (tries < 5
          ? random.chance(0.5)
            ? world.backfillRetrying({ view }, beside)
            : world.backfill({ view }, beside).then((end) => end.outcome)
          : world.backfill({ view }).then((end) => end.outcome));
        if (outcome === 'succeeded' || outcome === 'nothing') break;
      }
      if (rebuilds) {
        expect(await world.backfillRetrying({ view, rebuild: true }, beside)).toBe('succeeded');
        const run = (await world.cuts())[`${view}@1`]?.run;
        expect(run).toBeGreaterThan(1);
        expect(await mergedRun(world.objects, one.one.view)).toBe(run);
      }
      const mid = one.isAtEnd;
      await one.liveUntil(one.endMillis);
      await one.expectEqualsOracle().catch((error: unknown) => {
        throw new Error(`case ${caseId}`, { cause: error });
      });
      coverage.case({
        killed: killed > 0,
        'a write beside a write': conflicts > 0,
        'live events afterwards': !mid,
        rebuilt: rebuilds,
        exact: one.one.maxEvents !== undefined || name === 'deduplicated',
      });
    }
    expect(coverage.thin).toEqual([]);
  });
});
