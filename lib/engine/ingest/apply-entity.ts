import { TidemarkError } from '#spec/errors.ts';
import type { WindowItem, WindowItems } from '#store/window-items.ts';
import type { CutReader } from './cuts.ts';
import { openItem } from './entity-state.ts';
import { type FoldRules, foldEvents } from './fold-events.ts';
import type { ArrivedEvent, EntityEvents } from './group-events.ts';
import { untilWritten, writeEntity } from './write-entity.ts';

export interface ApplyPorts {
  readonly items: WindowItems;
  readonly cuts: CutReader;
}

/** What became of an entity's events in a batch, and what it took. */
export interface AppliedEntity {
  readonly taken: readonly ArrivedEvent[];
  readonly redelivered: readonly ArrivedEvent[];
  readonly duplicates: readonly ArrivedEvent[];
  readonly notOurs: readonly ArrivedEvent[];
  /** Items written. */
  readonly writes: number;
  readonly conflicts: number;
  readonly handOvers: number;
  readonly itemsTooLarge: number;
}

/**
 * Folds an entity's events into its item and writes it if nobody else has meanwhile; else into what stands then. `item` is the first item as
 * it was read. Rejects when the store does, throws ingest.unknownLayout, ingest.unknownRun, ingest.itemContended: each is cured by trying again
 * later, and none leaves a part of the events applied.
 */
export async function applyEntity(
  ports: ApplyPorts,
  rules: FoldRules,
  { group, item }: { readonly group: EntityEvents; readonly item: WindowItem | undefined },
): Promise<AppliedEntity> {
  const { target, entityKey, events } = group;
  let found = item;
  let cuts = await ports.cuts.current();
  let areCutsFresh = false;
  return untilWritten({ code: 'ingest.itemContended', viewId: target.id }, async (attempt) => {
    const cut = cuts[target.id];
    const before = openItem(target, found);
    const folded = cut ? foldEvents(target, rules, { before, cut, events }) : ({ kind: 'newerRun' } as const);
    if (folded.kind === 'newerRun') {
      if (areCutsFresh) throw unknownRun(target.id, before.progress.run);
      cuts = await ports.cuts.again();
      areCutsFresh = true;
      return undefined;
    }
    const { taken, redelivered, duplicates, notOurs } = folded.taken;
    const outcome = { taken, redelivered, duplicates, notOurs, conflicts: attempt };
    if (folded.kind === 'unchanged') return { ...outcome, writes: 0, handOvers: 0, itemsTooLarge: 0 };
    const next = { entityKey, after: folded.after };
    const write = await writeEntity(ports.items, { target, rules }, next);
    if (write.kind === 'written')
      return {
        ...outcome,
        writes: write.items.length,
        handOvers: write.handedOver ? 1 : 0,
        itemsTooLarge: write.gaveUp ? 1 : 0,
      };
    found = write.found;
    return undefined;
  });
}

const unknownRun = (view: string, run: number): TidemarkError =>
  new TidemarkError('ingest.unknownRun', `an item of view ${view} is of run ${run}, which its cut does not know`, {
    kind: 'unavailable',
    details: { view, run },
  });
