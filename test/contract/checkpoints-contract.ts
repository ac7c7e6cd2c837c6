import { expect, it } from 'vitest';
import { sequenceText } from '#semantics/stream/sequence.ts';
import type { Checkpoint, Checkpoints } from '#store/checkpoints.ts';

const at = (sequence: number): Checkpoint => ({
  sequence: sequenceText(BigInt(sequence)),
  arrivalMillis: 1000 + sequence,
});

/** What every store of checkpoints does. */
export function checkpointsContract(create: () => Promise<Checkpoints>): void {
  it('has nothing of a group that never moved', async () => {
    expect(await (await create()).read('archive/rides')).toEqual(new Map());
  });

  it('moves a checkpoint forward and never back, and says what stands', async () => {
    const checkpoints = await create();
    expect(await checkpoints.advance('archive/rides', 'shard-0', at(5))).toEqual(at(5));
    expect(await checkpoints.advance('archive/rides', 'shard-0', at(3))).toEqual(at(5));
    expect(await checkpoints.advance('archive/rides', 'shard-0', { ...at(5), arrivalMillis: 0 })).toEqual(at(5));
    expect(await checkpoints.advance('archive/rides', 'shard-0', at(10))).toEqual(at(10));
    expect(await checkpoints.read('archive/rides')).toEqual(new Map([['shard-0', at(10)]]));
  });

  it('keeps shards and groups apart', async () => {
    const checkpoints = await create();
    const shards = Array.from({ length: 30 }, (_, index) => `shard-${String(index).padStart(2, '0')}`);
    for (const [index, shard] of shards.entries()) await checkpoints.advance('archive/rides', shard, at(index));
    await checkpoints.advance('archive/rides_2', 'shard-00', at(99));
    expect(await checkpoints.read('archive/rides')).toEqual(new Map(shards.map((shard, index) => [shard, at(index)])));
    expect(await checkpoints.read('archive/rides_2')).toEqual(new Map([['shard-00', at(99)]]));
  });

  it('ends at the greatest of many moves at once', async () => {
    const checkpoints = await create();
    const moves = [4, 9, 1, 7, 3, 8, 2, 6, 5, 0];
    const answers = await Promise.all(moves.map((move) => checkpoints.advance('archive/rides', 'shard-0', at(move))));
    for (const [index, answer] of answers.entries())
      expect(answer.sequence >= at(moves[index] ?? 0).sequence).toBe(true);
    expect(await checkpoints.read('archive/rides')).toEqual(new Map([['shard-0', at(9)]]));
  });
}
