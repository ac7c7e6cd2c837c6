/** Address of one stored row: encoded entity key and `view@version`. */
export interface RowAddress {
  readonly entityKey: string;
  readonly viewId: string;
}

/** A row to store. `order` sorts as the rows' order does (design: latest = greatest); `packed` is the codec's text. */
export interface OnlineRow extends RowAddress {
  readonly order: string;
  readonly packed: string;
  /** Epoch seconds after which the store may drop the item; absent: kept. */
  readonly expiresAtSeconds?: number;
}

/** What a read found: the packed row, nothing, or a failure that outlived the deadline's retries. */
export type ReadOutcome =
  | ({ readonly kind: 'found'; readonly packed: string } & FromMemory)
  | ({ readonly kind: 'absent' } & FromMemory)
  | { readonly kind: 'failed'; readonly reason: string };

/** Absent: read for this call. `lastKnown`: the store did not give it, this is what an earlier read did. */
interface FromMemory {
  readonly from?: 'cache' | 'lastKnown';
}

/** How old what a process has kept may be to be answered, in milliseconds since its read; 0: not at all. */
export interface KeptRule {
  /** A found row, in place of a read. */
  readonly foundMillis: number;
  /** That there is no row, in place of a read; at most `foundMillis`. */
  readonly absentMillis: number;
  /** Either, where the store does not give it. */
  readonly lastKnownMillis: number;
}

export interface ReadOptions {
  /** Epoch milliseconds by which the answer must be given; what is not read by then is `failed`. */
  readonly deadlineMillis: number;
  /** Read-your-write. @default false */
  readonly consistent?: boolean;
  /** For stores that keep what they have read (KeptRows); a consistent read is not answered from a cache. @default - nothing is kept */
  readonly kept?: KeptRule | undefined;
  /**
   * The addresses are all that is kept of their entities, leftovers of old versions apart: a store may read an entity as a whole.
   * @default false
   */
  readonly isWholeEntity?: boolean;
}

export interface WriteCounts {
  /** Rows now stored by this call (also those that an earlier try of the same row had stored: same order, same text). */
  readonly written: number;
  /** Rows not stored because a greater one stands. */
  readonly older: number;
}

/** The online store of rows: one item per (entity, view version), newest wins. */
export interface OnlineRows {
  /** Outcomes in the order of `addresses` (which are distinct). Never rejects for single keys: they are `failed`. */
  read(addresses: readonly RowAddress[], options: ReadOptions): Promise<readonly ReadOutcome[]>;
  /**
   * Stores each row unless a greater or equal one (by `order`) stands. Retries throttling with jitter; rejects when a row can
   * neither be stored nor found older, with the counts so far lost (the caller repeats the whole batch: writing is idempotent).
   */
  writeNewer(rows: readonly OnlineRow[]): Promise<WriteCounts>;
}
