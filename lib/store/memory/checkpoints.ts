import { compareTexts } from '#semantics/value.ts';
import type { Checkpoint, Checkpoints } from '../checkpoints.ts';

/** Checkpoints of one process. For tests. */
export class MemoryCheckpoints implements Checkpoints {
  readonly #groups = new Map<string, Map<string, Checkpoint>>();

  async read(group: string): Promise<ReadonlyMap<string, Checkpoint>> {
    return new Map(this.#groups.get(group));
  }

  async advance(group: string, shard: string, to: Checkpoint): Promise<Checkpoint> {
    const checkpoints = this.#groups.get(group) ?? new Map<string, Checkpoint>();
    this.#groups.set(group, checkpoints);
    const present = checkpoints.get(shard);
    if (present && compareTexts(present.sequence, to.sequence) >= 0) return present;
    checkpoints.set(shard, to);
    return to;
  }
}
