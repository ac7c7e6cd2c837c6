import { utcDate } from '#semantics/time.ts';
import { compareTexts } from '#semantics/value.ts';
import { TidemarkError } from '#spec/errors.ts';
import { tableNames } from '#spec/layout.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import type { Checkpoint, Checkpoints } from '#store/checkpoints.ts';
import { forEachConcurrent } from '#store/concurrent.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import type { Objects } from '#store/objects.ts';
import type { Partitions } from '#store/partitions.ts';
import { type Quarantined, type QuarantineReason, recordAcceptor } from './accept-record.ts';
import { dayFolder, encodeEventFile, eventFileKey, type LoggedEvent, readCoverage } from './archive-file.ts';
import { archiveGroup } from './archive-progress.ts';
import { quarantineRecord } from './quarantine.ts';

export interface ArchivePorts {
  readonly manifest: Manifest;
  readonly objects: Pick<Objects, 'put' | 'head' | 'getRange' | 'uri'>;
  readonly checkpoints: Checkpoints;
  readonly partitions: Pick<Partitions, 'registerNew'>;
}

/** What one batch has added; what had been archived before is counted apart. */
export interface ArchivedBatch {
  /** Events that this call has put into the log. */
  readonly archived: number;
  /** Records that this call has put into quarantine, by reason. */
  readonly quarantined: Readonly<Partial<Record<QuarantineReason, number>>>;
  /** Records that were done before, by an earlier delivery or by another consumer meanwhile. */
  readonly repeated: number;
  readonly files: number;
  readonly bytes: number;
}

const quarantinePutsAtOnce = 32;

/**
 * Archives batches of a source's records, of any shards, each shard's in its order. A shard's batch is cut to what comes after the
 * shard's checkpoint and split by the date of arrival; each piece is one file, named after its first record, which only one consumer can
 * put. Its footer says up to which record it goes, so that whoever comes second moves the checkpoint and goes on behind it. So every
 * record is in the log or in quarantine exactly once, however often it is delivered. A piece of nothing but quarantined records is a
 * file without rows: it must be taken all the same. Rejects when a port does; the batch may then be repeated.
 */
export function eventArchiver(
  ports: ArchivePorts,
  source: StreamSource,
): (records: readonly StreamRecord[]) => Promise<ArchivedBatch> {
  const accept = recordAcceptor(ports.manifest, source);
  const registeredDays = new Set<string>();
  const group = archiveGroup(source);

  /** Partitions come first, or a day's first events would be invisible. One that compaction has moved stays where it is. */
  const registerDay = async (dt: string): Promise<void> => {
    if (registeredDays.has(dt)) return;
    const partition = { values: [dt], location: ports.objects.uri(dayFolder(source, dt)) };
    await ports.partitions.registerNew(tableNames.events(source), [partition]);
    registeredDays.add(dt);
  };

  const archivePiece = async (piece: Piece, counts: Counts): Promise<Checkpoint> => {
    const { events, refused } = sorted(piece, accept);
    // Before the file: once it stands nobody looks at these records again.
    await forEachConcurrent(refused, quarantinePutsAtOnce, (one) => quarantineRecord(ports.objects, source, one));
    await registerDay(utcDate(piece.first.arrivalMillis));
    const coverage = { lastSequence: piece.last.sequence, lastArrivalMillis: piece.last.arrivalMillis };
    const body = encodeEventFile(source, { events, coverage });
    const key = eventFileKey(source, piece.first);
    const isOurs = (await ports.objects.put(key, body, { ifAbsent: true })) !== undefined;
    const standing = isOurs ? coverage : await readCoverage(ports.objects, key);
    if (isOurs) count(counts, { events, refused, bytes: body.length });
    const to = { sequence: standing.lastSequence, arrivalMillis: standing.lastArrivalMillis };
    return ports.checkpoints.advance(group, piece.first.shard, to);
  };

  const archiveShard = async (records: readonly StreamRecord[], counts: Counts): Promise<void> => {
    const [shard = ''] = records.map((record) => record.shard);
    let checkpoint = (await ports.checkpoints.read(group)).get(shard);
    for (;;) {
      const piece = nextPiece(records, checkpoint);
      if (!piece) return;
      const reached = await archivePiece(piece, counts);
      if (compareTexts(reached.sequence, checkpoint?.sequence ?? '') <= 0)
        throw new TidemarkError('ingest.stuckCheckpoint', `the checkpoint of ${group} ${shard} does not move`, {
          kind: 'failed',
        });
      checkpoint = reached;
    }
  };

  return async (records) => {
    const counts: Counts = { archived: 0, quarantined: {}, taken: 0, files: 0, bytes: 0 };
    for (const ofShard of byShard(records)) await archiveShard(ofShard, counts);
    const { taken, ...added } = counts;
    return { ...added, repeated: records.length - taken };
  };
}

interface Counts {
  archived: number;
  readonly quarantined: Partial<Record<QuarantineReason, number>>;
  /** Records of the files that this call has put. */
  taken: number;
  files: number;
  bytes: number;
}

/** Records of one shard and one date of arrival, in their order, at least one. */
interface Piece {
  readonly first: StreamRecord;
  readonly last: StreamRecord;
  readonly records: readonly StreamRecord[];
}

interface Refused {
  readonly record: StreamRecord;
  readonly quarantined: Quarantined;
}

/** The records of each shard in the order of their sequence, each once. */
function byShard(records: readonly StreamRecord[]): StreamRecord[][] {
  const shards = new Map<string, Map<string, StreamRecord>>();
  for (const record of records) {
    const ofShard = shards.get(record.shard) ?? new Map<string, StreamRecord>();
    shards.set(record.shard, ofShard.set(record.sequence, record));
  }
  return [...shards.values()].map((ofShard) =>
    [...ofShard.values()].sort((a, b) => compareTexts(a.sequence, b.sequence)),
  );
}

/** The run of records after the checkpoint that arrived on the date of the first of them; undefined when all are done. */
function nextPiece(records: readonly StreamRecord[], checkpoint: Checkpoint | undefined): Piece | undefined {
  const start = checkpoint ? records.findIndex(({ sequence }) => sequence > checkpoint.sequence) : 0;
  const first = start < 0 ? undefined : records[start];
  if (!first) return undefined;
  const dt = utcDate(first.arrivalMillis);
  const end = records.findIndex(({ arrivalMillis }, index) => index > start && utcDate(arrivalMillis) !== dt);
  const piece = records.slice(start, end < 0 ? undefined : end);
  return { first, last: piece.at(-1) ?? first, records: piece };
}

function sorted(
  { records }: Piece,
  accept: ReturnType<typeof recordAcceptor>,
): { readonly events: readonly LoggedEvent[]; readonly refused: readonly Refused[] } {
  const events: LoggedEvent[] = [];
  const refused: Refused[] = [];
  for (const record of records) {
    const acceptance = accept(record);
    const { shard, sequence } = record;
    if (acceptance.kind === 'accepted') events.push({ event: acceptance.event, shard, sequence });
    else refused.push({ record, quarantined: acceptance });
  }
  return { events, refused };
}

function count(
  counts: Counts,
  piece: { readonly events: readonly LoggedEvent[]; readonly refused: readonly Refused[]; readonly bytes: number },
): void {
  counts.archived += piece.events.length;
  counts.taken += piece.events.length + piece.refused.length;
  counts.files += 1;
  counts.bytes += piece.bytes;
  for (const { quarantined } of piece.refused)
    counts.quarantined[quarantined.reason] = (counts.quarantined[quarantined.reason] ?? 0) + 1;
}
