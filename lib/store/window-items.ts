import type { RowAddress } from './online-rows.ts';

/** The state of one entity in a stream view, or the part that it has handed over (see closedSortKey). */
export interface WindowItem extends RowAddress {
  /** Text of the codec, in the attribute that rows have too, so that serving reads both alike. */
  readonly packed: string;
  /** What has been applied, text of the codec; serving does not read it. */
  readonly progress: string;
  /** Grows by one with every write; 1 in the first. */
  readonly revision: number;
  /** Epoch seconds after which no window needs anything of the item. */
  readonly expiresAtSeconds: number;
}

/** `written`: the item stands. `conflict`: another write came first; `found` is what stands (undefined: nothing). */
export type WindowWrite =
  | { readonly kind: 'written' }
  | { readonly kind: 'conflict'; readonly found: WindowItem | undefined };

/** The online store of stream views: read, fold, write if nobody else has. */
export interface WindowItems {
  /** Strongly consistent, in the order of `addresses` (which are distinct); rejects when one cannot be read. */
  read(addresses: readonly RowAddress[]): Promise<readonly (WindowItem | undefined)[]>;
  /**
   * Puts the item if the one that stands has revision `item.revision - 1` (0: none stands). A put whose answer was lost may be reported as a
   * conflict with itself: the caller sees its own progress in `found`.
   */
  write(item: WindowItem): Promise<WindowWrite>;
  /** Puts both items or none, each on the condition of `write`. The conflict is that of the first item, read anew. */
  writeBoth(items: readonly [WindowItem, WindowItem]): Promise<WindowWrite>;
}
