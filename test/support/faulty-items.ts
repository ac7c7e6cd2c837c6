import type { RowAddress } from '#store/online-rows.ts';
import type { WindowItem, WindowItems, WindowWrite } from '#store/window-items.ts';

/** `refused`: not done. `lost`: done, but the answer is an error. `unsure`: done, and reported as a conflict with itself. */
export type Fault = 'refused' | 'lost' | 'unsure';

const named = (name: string): Error => Object.assign(new Error(name), { name });

/** A store whose calls go wrong beyond what its adapter retries. `faultOf` is asked once for each call. */
export class FaultyItems implements WindowItems {
  readonly #items: WindowItems;
  readonly #faultOf: () => Fault | undefined;

  constructor(items: WindowItems, faultOf: () => Fault | undefined) {
    this.#items = items;
    this.#faultOf = faultOf;
  }

  async read(addresses: readonly RowAddress[]): Promise<readonly (WindowItem | undefined)[]> {
    if (this.#faultOf() === 'refused') throw named('ProvisionedThroughputExceededException');
    return this.#items.read(addresses);
  }

  write(item: WindowItem): Promise<WindowWrite> {
    return this.#write(item, () => this.#items.write(item));
  }

  writeBoth(items: readonly [WindowItem, WindowItem]): Promise<WindowWrite> {
    return this.#write(items[0], () => this.#items.writeBoth(items));
  }

  async #write(head: WindowItem, write: () => Promise<WindowWrite>): Promise<WindowWrite> {
    const fault = this.#faultOf();
    if (fault === 'refused') throw named('ProvisionedThroughputExceededException');
    const done = await write();
    if (fault === 'lost') throw named('TimeoutError');
    if (fault === 'unsure') return { kind: 'conflict', found: (await this.#items.read([head]))[0] };
    return done;
  }
}
