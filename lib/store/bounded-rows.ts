import type { OnlineRow, OnlineRows, ReadOptions, ReadOutcome, RowAddress, WriteCounts } from './online-rows.ts';

/**
 * A store of which at most `most` reads are under way: keys of further ones are failed at once. Where the store is slow, requests are then
 * answered by what their policy says instead of waiting for each other with memory and sockets held.
 */
export class BoundedRows implements OnlineRows {
  readonly #rows: OnlineRows;
  readonly #most: number;
  #underWay = 0;

  constructor(rows: OnlineRows, most: number) {
    this.#rows = rows;
    this.#most = most;
  }

  async read(addresses: readonly RowAddress[], options: ReadOptions): Promise<readonly ReadOutcome[]> {
    if (this.#underWay >= this.#most)
      return addresses.map(() => ({ kind: 'failed', reason: `${this.#most} reads are under way` }));
    this.#underWay++;
    try {
      return await this.#rows.read(addresses, options);
    } finally {
      this.#underWay--;
    }
  }

  writeNewer(rows: readonly OnlineRow[]): Promise<WriteCounts> {
    return this.#rows.writeNewer(rows);
  }
}
