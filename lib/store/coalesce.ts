import { compareTexts } from '#semantics/value.ts';
import type { OnlineRow } from './online-rows.ts';

export interface CoalescedRow {
  readonly row: OnlineRow;
  /** Rows of the call with the same address, order and text as `row`, itself included: they share its outcome. */
  readonly copies: number;
}

/**
 * The greatest row per address (by order text in UTF-8 bytes; of equal ones the first), and how many of the others are older.
 * Writing it alone is enough: the others would lose against it.
 */
export function greatestPerAddress(rows: readonly OnlineRow[]): { greatest: CoalescedRow[]; older: number } {
  const kept = new Map<string, { row: OnlineRow; copies: number }>();
  let older = 0;
  for (const row of rows) {
    const address = `${row.viewId} ${row.entityKey}`; // a view id holds no space
    const best = kept.get(address);
    const order = best ? compareTexts(row.order, best.row.order) : 1;
    if (!best || order > 0) {
      older += best?.copies ?? 0;
      kept.set(address, { row, copies: 1 });
    } else if (order === 0 && row.packed === best.row.packed) best.copies++;
    else older++;
  }
  return { greatest: [...kept.values()], older };
}
