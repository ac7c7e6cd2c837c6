import type { StreamSource } from '#spec/manifest.ts';
import type { Checkpoint, Checkpoints } from '#store/checkpoints.ts';
import { forEachConcurrent } from '#store/concurrent.ts';
import type { EventStream } from '#store/event-stream.ts';

/** Consumer whose checkpoints say how far the event log of a source goes. */
export const archiveGroup = (source: Pick<StreamSource, 'name'>): string => `archive/${source.name}`;

/** Arrivals of a shard's records are in order but for the clocks of Kinesis, which promises no bound; observed are milliseconds. */
const arrivalDisorderMillis = 1_000;
const shardsAtOnce = 8;

export interface ArchiveProgressPorts {
  readonly checkpoints: Pick<Checkpoints, 'read'>;
  /** The source's stream. */
  readonly stream: Pick<EventStream, 'shards' | 'read'>;
}

/**
 * Whether every record of the source that arrived at or before the instant (epoch milliseconds) is in its event log or in quarantine: in each shard the
 * archive's checkpoint is past the instant, or a look into the shard after the checkpoint finds nothing so old. So a shard that is closed
 * or silent holds nobody up. Ask only once the instant has passed: what arrives later is not seen.
 */
export async function archivedThrough(
  { checkpoints, stream }: ArchiveProgressPorts,
  source: Pick<StreamSource, 'name'>,
  instantMillis: number,
): Promise<boolean> {
  const reached = await checkpoints.read(archiveGroup(source));
  let isArchived = true;
  await forEachConcurrent(await stream.shards(), shardsAtOnce, async (shard) => {
    if (!(await isShardArchived(stream, { shard, checkpoint: reached.get(shard), instantMillis }))) isArchived = false;
  });
  return isArchived;
}

async function isShardArchived(
  stream: Pick<EventStream, 'read'>,
  look: { readonly shard: string; readonly checkpoint: Checkpoint | undefined; readonly instantMillis: number },
): Promise<boolean> {
  const isPast = (arrivalMillis: number): boolean => arrivalMillis > look.instantMillis + arrivalDisorderMillis;
  if (look.checkpoint && isPast(look.checkpoint.arrivalMillis)) return true;
  for (let after = look.checkpoint?.sequence; ; ) {
    const { records, isAtEnd } = await stream.read(look.shard, after);
    for (const { arrivalMillis } of records) {
      if (arrivalMillis <= look.instantMillis) return false;
      if (isPast(arrivalMillis)) return true;
    }
    if (isAtEnd) return true;
    after = records.at(-1)?.sequence ?? after;
  }
}
