import { defaultHandOver } from '#engine/ingest/hand-over-rule.ts';
import { windowedView } from '#engine/ingest/source-views.ts';
import { type RunReference, runFiles } from '#engine/materialize/run-files.ts';
import type { RowItem } from '#engine/materialize/split-rows.ts';
import { type RowItemResult, writeRows } from '#engine/materialize/write-rows.ts';
import { readStepJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Manifest, StreamSource, StreamView } from '#spec/manifest.ts';
import { forEachConcurrent } from '#store/concurrent.ts';
import { lastArrivalMillis } from './backfill-cut.ts';
import { type BackfillPlan, backfillPlanSchema } from './backfill-plan.ts';
import type { BackfillPorts } from './backfill-ports.ts';
import { findBackfilledView } from './backfilled-view.ts';
import { historyDecoder } from './decode-history.ts';
import { type HistoryMerge, mergeHistory } from './merge-history.ts';
import { type EntityHistory, readHistories } from './read-histories.ts';

export type BackfillItemPorts = Pick<BackfillPorts, 'manifest' | 'objects' | 'items' | 'online'>;

/** Histories and items in memory at once, of 300 KB each at most; one read of the store asks for as many. */
const blockEntities = 100;
/** Conditional writes in flight, as DynamoOnlineRows has them. */
const writeConcurrency = 48;

/**
 * Brings one item of the map online: merges histories into the items of a stream view, or writes rows of a table view. The counts go where
 * reconciliation looks for them: `written` are the entities merged now, `older` those that had been before. Repeating it changes nothing but
 * these two. Entities that cannot be stored are counted, with the first reason, and do not stop the others. Rejects when the store does, throws
 * backfill.newerRun; then the item has no result.
 */
export async function backfillItem(ports: BackfillItemPorts, run: RunReference, item: RowItem): Promise<RowItemResult> {
  const { view, source } = findBackfilledView(ports.manifest, run.view);
  if (view.kind === 'table') return writeRows(ports, run, item);
  const files = runFiles(view, run.lease.fence);
  const plan = await readStepJson(ports.objects, files.plan, backfillPlanSchema);
  const merge = historyMerge(ports.manifest, { view, source, plan });
  const result = new ItemResult(item.number);
  const histories = readHistories(ports.objects, {
    entity: merge.target.entity,
    decoder: historyDecoder(view, source, merge.target.plan),
    slices: item.slices,
    rowsPerBlock: blockEntities,
  });
  // While one block is merged, the next one is read and decoded.
  let merging: Promise<void> = Promise.resolve();
  for await (const block of histories) {
    await merging;
    merging = mergeBlock(ports, merge, { block, result });
    // Awaited one block later, or below: a rejection in between is not an unhandled one.
    merging.catch(() => undefined);
  }
  await merging;
  await ports.objects.put(files.itemResult(item.number), JSON.stringify(result.counts));
  return result.counts;
}

function historyMerge(
  manifest: Manifest,
  { view, source, plan }: { readonly view: StreamView; readonly source: StreamSource; readonly plan: BackfillPlan },
): HistoryMerge {
  return {
    target: windowedView(manifest, source, view),
    // Nothing of the stream's progress is forgotten here.
    rules: { source, retentionMillis: Number.POSITIVE_INFINITY, handOver: defaultHandOver },
    cut: { run: plan.cutRun, cutMillis: plan.cutMillis },
    historyUntilMillis: lastArrivalMillis(plan, source),
  };
}

async function mergeBlock(
  { items }: Pick<BackfillPorts, 'items'>,
  merge: HistoryMerge,
  { block, result }: { readonly block: readonly EntityHistory[]; readonly result: ItemResult },
): Promise<void> {
  const keyed = block.flatMap((history) => {
    const entityKey = result.keyOf(history);
    return entityKey === undefined ? [] : [{ entityKey, history: history.state }];
  });
  const found = await items.read(keyed.map(({ entityKey }) => ({ entityKey, viewId: merge.target.headKey })));
  const entities = keyed.map((entity, index) => ({ ...entity, item: found[index] }));
  await forEachConcurrent(entities, writeConcurrency, async (entity) => {
    const merged = await mergeHistory(items, merge, entity);
    if (merged.kind === 'before') result.counts.older++;
    else {
      result.counts.written++;
      result.counts.writeUnits += merged.writeUnits;
    }
  });
}

/** Adds up what became of an item's entities. */
class ItemResult {
  readonly counts: RowItemResult;

  constructor(number: number) {
    this.counts = { number, read: 0, written: 0, older: 0, failed: 0, writeUnits: 0 };
  }

  /** The key of an entity that was read; undefined, and counted as failed, for one that cannot be stored. */
  keyOf(history: EntityHistory): string | undefined {
    this.counts.read++;
    try {
      return history.entityKey();
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      this.counts.failed++;
      this.counts.firstFailure ??= error.message;
      return undefined;
    }
  }
}
