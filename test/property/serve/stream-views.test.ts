import { describe, expect, it } from 'vitest';
import { planServing } from '#engine/serve/plan.ts';
import { serveFeatures } from '#engine/serve/serve-features.ts';
import { rowMarks } from '#spec/status.ts';
import type { OnlineRows, ReadOptions, ReadOutcome, RowAddress } from '#store/online-rows.ts';
import type { WindowItem, WindowItems, WindowWrite } from '#store/window-items.ts';
import { IngestWorld } from '#test/support/ingest-world.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { expectedOf, shardsOf } from '../ingest/stream-records.ts';
import { manifest, recordsOf, type SourceName, sources, streamViewCases } from '../stream-world.ts';

const { seed, cases, again } = randomSettings(200);
const statusOf = { [rowMarks.present]: 'PRESENT', [rowMarks.empty]: 'DEFAULT', [rowMarks.error]: 'ERROR' } as const;
const textOf = ({ entityKey, viewId }: RowAddress): string => `${viewId} ${entityKey}`;

/**
 * A store whose eventual reads may miss one of the two writes of an entity's last hand-over, where nothing was written after it. A first item
 * that needs no second one is never missed: it would be whole, only old.
 */
class HalfSeenItems implements WindowItems {
  readonly #items: WindowItems;
  readonly #random: Random;
  /** By address, the text before the last hand-over and the address of its other item. */
  readonly #before = new Map<string, { readonly text: string | undefined; readonly other: string }>();

  constructor(items: WindowItems, random: Random) {
    this.#items = items;
    this.#random = random;
  }

  read(addresses: readonly RowAddress[]): Promise<readonly (WindowItem | undefined)[]> {
    return this.#items.read(addresses);
  }

  async write(item: WindowItem): Promise<WindowWrite> {
    const written = await this.#items.write(item);
    const known = this.#before.get(textOf(item));
    if (known && written.kind === 'written')
      for (const address of [textOf(item), known.other]) this.#before.delete(address);
    return written;
  }

  async writeBoth(items: readonly [WindowItem, WindowItem]): Promise<WindowWrite> {
    const before = await this.#items.read(items);
    const written = await this.#items.writeBoth(items);
    if (written.kind === 'written')
      for (const [at, item] of items.entries())
        this.#before.set(textOf(item), { text: before[at]?.packed, other: textOf(items[1 - at] ?? item) });
    return written;
  }

  /** What serving reads at an instant. */
  asOf(atMillis: number): Pick<OnlineRows, 'read'> {
    const canBeMissed = (text: string | undefined, isHead: boolean): boolean =>
      !isHead || text === undefined || Number(JSON.parse(text.slice(8))[1]) > atMillis;
    return {
      read: async (addresses: readonly RowAddress[], { consistent }: ReadOptions) => {
        const items = await this.#items.read(addresses);
        const missed = new Set<string>();
        return addresses.map((address, at): ReadOutcome => {
          const known = consistent ? undefined : this.#before.get(textOf(address));
          const isMissed =
            known !== undefined &&
            !missed.has(known.other) &&
            canBeMissed(known.text, !address.viewId.endsWith('/closed')) &&
            this.#random.chance(0.5);
          if (isMissed) missed.add(textOf(address));
          const text = isMissed ? known.text : items[at]?.packed;
          return text === undefined ? { kind: 'absent' } : { kind: 'found', packed: text };
        });
      },
    };
  }
}

describe(`stream views as they are served (${again})`, () => {
  it.each(['seamed', 'deduplicated'] as const)(
    '%s: any of their features equal the oracle at any instant after the last event',
    async (name: SourceName) => {
      const random = new Random(seed);
      const coverage = new Coverage();
      let compared = 0;
      for (let caseId = 0; caseId < cases; caseId++) {
        const records = recordsOf(random, caseId, name);
        const world = new IngestWorld(manifest, sources[name], { handOverBytes: random.pick([0, 400, 1_000_000]) });
        const store = new HalfSeenItems(world.items, random);
        for (const shard of shardsOf(random, records)) {
          world.nowMillis = Math.max(world.nowMillis, ...shard.map(({ arrivalMillis }) => arrivalMillis));
          for (let start = 0; start < shard.length; start += 3)
            await world.consume(shard.slice(start, start + 3), { items: store });
        }
        for (const one of streamViewCases.filter(({ sourceName }) => sourceName === name)) {
          const wanted = one.view.features.flatMap((feature, position) =>
            random.chance(0.2) ? [{ ref: `${one.view.name}:${feature.name}`, position }] : [],
          );
          if (wanted.length === 0) continue;
          const features = wanted.map(({ ref }) => ref);
          const plan = planServing({ manifest, transforms: {} }, { features });
          for (const { entityKey, atMillis, values, marks } of expectedOf(random, records, one)) {
            const served = await serveFeatures(store.asOf(atMillis), {
              plan,
              entityKeys: [[entityKey]],
              request: [],
              asOfMillis: atMillis,
              deadlineMillis: atMillis + 10_000,
              consistency: random.pick(['eventual', 'strong'] as const),
            });
            compared++;
            const [row] = served.rows;
            expect({ caseId, atMillis, features, ...row, partial: served.partial }).toEqual({
              caseId,
              atMillis,
              features,
              values: wanted.map(({ position }) => values[position]),
              status: wanted.map(({ position }) => statusOf[marks[position] as keyof typeof statusOf]), // one of rowMarks
              eventTimes: wanted.map(() => null),
              partial: false,
            });
            coverage.case({
              'read between two hand-overs': served.counts.torn > 0,
              present: row?.status.includes('PRESENT') === true,
              default: row?.status.includes('DEFAULT') === true,
            });
          }
        }
      }
      expect(compared).toBeGreaterThan(cases);
      expect(coverage.thin).toEqual([]);
    },
  );
});
