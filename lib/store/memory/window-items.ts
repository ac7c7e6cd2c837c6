import type { RowAddress } from '../online-rows.ts';
import type { WindowItem, WindowItems, WindowWrite } from '../window-items.ts';

/** Window items of one process, with the conditions of the real store. For tests and benches that leave the network out. */
export class MemoryWindowItems implements WindowItems {
  readonly #items = new Map<string, WindowItem>();

  async read(addresses: readonly RowAddress[]): Promise<readonly (WindowItem | undefined)[]> {
    return addresses.map((address) => this.#items.get(addressText(address)));
  }

  async write(item: WindowItem): Promise<WindowWrite> {
    return this.#writeAll([item]);
  }

  async writeBoth(items: readonly [WindowItem, WindowItem]): Promise<WindowWrite> {
    return this.#writeAll(items);
  }

  #writeAll(items: readonly [WindowItem, ...WindowItem[]]): WindowWrite {
    const stands = (item: WindowItem): boolean =>
      (this.#items.get(addressText(item))?.revision ?? 0) === item.revision - 1;
    if (!items.every(stands)) return { kind: 'conflict', found: this.#items.get(addressText(items[0])) };
    for (const item of items) this.#items.set(addressText(item), item);
    return { kind: 'written' };
  }

  /** Drops an item, as DynamoDB does after its expiry. */
  expire(address: RowAddress): void {
    this.#items.delete(addressText(address));
  }

  /** All that stands, in the order of first writes. */
  all(): readonly WindowItem[] {
    return [...this.#items.values()];
  }
}

const addressText = (address: RowAddress): string => `${address.viewId} ${address.entityKey}`;
