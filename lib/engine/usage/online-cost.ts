import type { EntityView } from '#spec/manifest.ts';
import { itemsOfViews } from '../cost/serving-load.ts';
import { monthMillis } from '../materialize/cost-forecast.ts';
import { runCostEstimate, writeUnits } from '../materialize/run-cost.ts';
import type { RunRecord } from '../materialize/run-record.ts';

/** What keeping a view online costs, estimated from its runs; US dollars at list prices of us-east-1. */
export interface OnlineCost {
  /** Entities with an item: the most that one run has met. There may be more. */
  readonly items: number;
  /** Estimated from the number of features: longer texts and lists take more. */
  readonly storedBytes: number;
  readonly storageUsdPerMonth: number;
  /** Writes of the last 730 hours by the records of runs, those refused by a newer row among them, which are billed too. */
  readonly writes: number;
  readonly writesUsdPerMonth: number;
}

/** DynamoDB bills so many bytes an item on top of the item's own. */
const billedBytesPerItem = 100;
/** A month of 10^9 bytes in a table of the standard class. */
const storageGbMonth = 0.25;

/**
 * The cost of a view by its runs, newest first. Undefined where it is not known: before the first finished run, and for views over streams,
 * whose writes no run records. Pure.
 */
export function onlineCost(view: EntityView, runs: readonly RunRecord[], nowMillis: number): OnlineCost | undefined {
  const written = runs.filter(({ rowsRead, rowsWritten }) => rowsRead !== undefined && rowsWritten !== undefined);
  if (view.kind === 'stream' || written.length === 0) return undefined;
  const [itemBytes = 0] = itemsOfViews(view.features.length, 1);
  const items = written.reduce((most, run) => Math.max(most, rowsOf(run)), 0);
  const storedBytes = items * (itemBytes + billedBytesPerItem);
  const writes = written
    .filter(({ startedAtMillis }) => startedAtMillis >= nowMillis - monthMillis)
    .reduce((sum, run) => sum + rowsOf(run), 0);
  return {
    items,
    storedBytes,
    storageUsdPerMonth: (storedBytes / 1e9) * storageGbMonth,
    writes,
    writesUsdPerMonth: runCostEstimate({ bytesScanned: [], writeUnits: writes * writeUnits(itemBytes) }),
  };
}

/** A run writes one row for an entity; where it was refused, a newer one stands. */
const rowsOf = ({ rowsWritten = 0, rowsOlder = 0 }: RunRecord): number => rowsWritten + rowsOlder;
