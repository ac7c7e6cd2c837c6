import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '#spec/errors.ts';
import { jitterMillis, type RetryPlan } from '#store/retry.ts';
import type { WindowItem, WindowItems } from '#store/window-items.ts';
import { itemBytes } from './entity-state.ts';
import type { FoldRules } from './fold-events.ts';
import { type NextState, planHandOver, planWrite } from './plan-write.ts';
import type { WindowedView } from './source-views.ts';

/**
 * `written`: the state stands. `conflict`: another write came first and nothing of this one stands; `found` is the first item as it is
 * now, into which everything is folded again.
 */
export type EntityWrite =
  | {
      readonly kind: 'written';
      readonly items: readonly WindowItem[];
      readonly handedOver: boolean;
      /** It had to lose its tiles. */
      readonly gaveUp: boolean;
    }
  | { readonly kind: 'conflict'; readonly found: WindowItem | undefined };

/** Each conflict is another's progress: with a few writers of an item this many in a row do not happen. */
const conflicts: RetryPlan = { attempts: 30, baseMillis: 2, capMillis: 200 };

/**
 * Calls `attempt` with 0, 1, ... until it gives something, as often as an item may be forestalled. Throws `code` (kind unavailable), which trying
 * again later cures.
 */
export async function untilWritten<T>(
  { code, viewId }: { readonly code: string; readonly viewId: string },
  attempt: (count: number) => Promise<T | undefined>,
): Promise<T> {
  for (let count = 0; count < conflicts.attempts; count++) {
    // The first conflicts are met at once: what stands has come with them.
    if (count > 2) await sleep(jitterMillis(conflicts, count));
    const result = await attempt(count);
    if (result !== undefined) return result;
  }
  throw new TidemarkError(
    code,
    `an item of view ${viewId} was written by others ${conflicts.attempts} times in a row`,
    { kind: 'unavailable', details: { view: viewId } },
  );
}

/** Writes the next state of an entity: its first item, or both where that one grows too large. */
export async function writeEntity(
  items: WindowItems,
  { target, rules }: { readonly target: WindowedView; readonly rules: FoldRules },
  next: NextState,
): Promise<EntityWrite> {
  const { entityKey } = next;
  const planned = planWrite(target, rules, next);
  if (planned.kind === 'head') return outcome(await items.write(planned.item), [planned.item], planned.gaveUp);
  const [closed] = await items.read([{ entityKey, viewId: target.closedKey }]);
  const handOver = planHandOver(target, rules, { ...next, closed });
  if (handOver.kind === 'head') return outcome(await items.write(handOver.item), [handOver.item], handOver.gaveUp);
  return outcome(await items.writeBoth(handOver.items), handOver.items, false);
}

const outcome = (
  write: Awaited<ReturnType<WindowItems['write']>>,
  items: readonly WindowItem[],
  gaveUp: boolean,
): EntityWrite => (write.kind === 'written' ? { kind: 'written', items, gaveUp, handedOver: items.length > 1 } : write);

/** Write units of the items: one per started KB, twice that in a transaction. */
export const writeUnitsOf = (items: readonly WindowItem[]): number =>
  items.reduce((sum, item) => sum + Math.ceil(itemBytes(item) / 1024), 0) * (items.length > 1 ? 2 : 1);
