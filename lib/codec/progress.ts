import * as z from 'zod/mini';
import { sequenceNumber, sequenceText } from '#semantics/stream/sequence.ts';
import { TidemarkError } from '#spec/errors.ts';
import { hashAt, hashText } from './number-text.ts';

/** An event that a later one may repeat. */
export interface RecentEvent {
  /** 0 <= fingerprint < 2^62. */
  readonly fingerprint: bigint;
  readonly eventTimeMillis: number;
}

/** How far an item has come in a shard. */
export interface ShardProgress {
  /** Last sequence that is applied: digits, left-padded with zeros to 56. */
  readonly sequence: string;
  /** Its arrival, epoch milliseconds. */
  readonly arrivalMillis: number;
  /** Events of the shard that deduplication still needs. */
  readonly recent: readonly RecentEvent[];
}

/** What has been applied to an item. */
export interface Progress {
  /** Run of the view's cut that the item belongs to; 0 in an item that nothing has been applied to. */
  readonly run: number;
  /** The history of that run has been merged. */
  readonly hasHistory: boolean;
  /** By shard id. */
  readonly shards: ReadonlyMap<string, ShardProgress>;
}

export const emptyProgress: Progress = { run: 0, hasHistory: false, shards: new Map() };

/** JSON array [run, hasHistory 0|1, then per shard [id, sequence, arrivalMillis, ...fingerprint, event time before the arrival]]. */
export function packProgress({ run, hasHistory, shards }: Progress): string {
  const packed = [...shards].map(([shard, { sequence, arrivalMillis, recent }]) => [
    shard,
    sequenceNumber(sequence),
    arrivalMillis,
    ...recent.flatMap((event) => [hashText(event.fingerprint), arrivalMillis - event.eventTimeMillis]),
  ]);
  return JSON.stringify([run, hasHistory ? 1 : 0, ...packed]);
}

const shardSchema = z.tuple([z.string(), z.string(), z.number()], z.union([z.string(), z.number()]));
const progressSchema = z.tuple([z.number(), z.union([z.literal(0), z.literal(1)])], shardSchema);

/** Progress of its text. Throws codec.unreadableProgress for a text that packProgress cannot have written. */
export function unpackProgress(packed: string): Progress {
  try {
    const [run, hasHistory, ...shards] = z.parse(progressSchema, JSON.parse(packed));
    return { run, hasHistory: hasHistory === 1, shards: new Map(shards.map(readShard)) };
  } catch (error) {
    throw new TidemarkError(
      'codec.unreadableProgress',
      `the progress of an item cannot be read: ${JSON.stringify(packed.slice(0, 60))}`,
      { kind: 'failed', cause: error },
    );
  }
}

function readShard([shard, sequence, arrivalMillis, ...rest]: z.infer<typeof shardSchema>): [string, ShardProgress] {
  const recent: RecentEvent[] = [];
  for (let index = 0; index < rest.length; index += 2)
    recent.push({
      fingerprint: hashAt(String(rest[index]), 0),
      eventTimeMillis: arrivalMillis - Number(rest[index + 1]),
    });
  return [shard, { sequence: sequenceText(sequence), arrivalMillis, recent }];
}
