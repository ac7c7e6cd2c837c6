/** A record as its consumers get it. */
export interface StreamRecord {
  readonly shard: string;
  /** 56 digits, left-padded with zeros: text order is number order within a shard. */
  readonly sequence: string;
  /** When the stream got it, epoch milliseconds. */
  readonly arrivalMillis: number;
  readonly data: Uint8Array;
}

export interface NewRecord {
  /** Records of equal keys go to one shard, in the order in which they are put. */
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

/** `failed`: not in the stream now; a later try may succeed. */
export type PutOutcome =
  | { readonly kind: 'put'; readonly shard: string; readonly sequence: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** What one look into a shard found: records after a position, in order, and whether there were more at that time. */
export interface ShardPage {
  readonly records: readonly StreamRecord[];
  /** The end of the shard, as it stood, was reached. */
  readonly isAtEnd: boolean;
}

/** One stream of events, of any number of shards. */
export interface EventStream {
  /** Outcomes in the order of `records`; passing failures are retried, each record on its own. */
  put(records: readonly NewRecord[]): Promise<readonly PutOutcome[]>;
  /** Every shard that may hold records, closed ones too, by id. */
  shards(): Promise<readonly string[]>;
  /** Records after `afterSequence` (exclusive; absent: from the oldest that is kept). */
  read(shard: string, afterSequence?: string): Promise<ShardPage>;
}

/** The greatest record that a stream takes: bytes of its data and partition key together. */
export const maximumRecordBytes = 1024 * 1024;
