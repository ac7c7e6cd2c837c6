/** How far a consumer has come in a shard. */
export interface Checkpoint {
  /** Last sequence that is done (56 digits). */
  readonly sequence: string;
  /** Its arrival, epoch milliseconds. */
  readonly arrivalMillis: number;
}

/** Positions in the shards of a stream that only move forward. `group` names the consumer and its source. */
export interface Checkpoints {
  read(group: string): Promise<ReadonlyMap<string, Checkpoint>>;
  /** Moves a shard's checkpoint to a greater sequence; returns what stands afterwards, which another may have moved further. */
  advance(group: string, shard: string, to: Checkpoint): Promise<Checkpoint>;
}
