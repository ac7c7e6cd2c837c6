import { compareTexts } from '#semantics/value.ts';
import { greatestPerAddress } from '../coalesce.ts';
import type { OnlineRow, OnlineRows, ReadOptions, ReadOutcome, RowAddress, WriteCounts } from '../online-rows.ts';

/** Online rows of one process, with the conditions of the real store. For tests and benches that leave the network out. */
export class MemoryOnlineRows implements OnlineRows {
  readonly #rows = new Map<string, OnlineRow>();

  async read(addresses: readonly RowAddress[], _options: ReadOptions): Promise<readonly ReadOutcome[]> {
    return addresses.map((address) => {
      const row = this.#rows.get(addressText(address));
      return row ? { kind: 'found', packed: row.packed } : { kind: 'absent' };
    });
  }

  async writeNewer(rows: readonly OnlineRow[]): Promise<WriteCounts> {
    const { greatest, older } = greatestPerAddress(rows);
    const counts = { written: 0, older };
    for (const { row, copies } of greatest) {
      const stored = this.#rows.get(addressText(row));
      const order = stored ? compareTexts(row.order, stored.order) : 1;
      if (order > 0) this.#rows.set(addressText(row), row);
      counts[order > 0 || (order === 0 && stored?.packed === row.packed) ? 'written' : 'older'] += copies;
    }
    return counts;
  }
}

const addressText = (address: RowAddress): string => `${address.viewId} ${address.entityKey}`;
