import { eventJson, eventReader } from '#codec/event-json.ts';
import { utf8Bytes } from '#codec/utf8.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';
import type { EventStream } from '#store/event-stream.ts';
import type { Objects } from '#store/objects.ts';
import { type QuarantineReason, rowAcceptor } from './accept-record.ts';
import { partitionKeys } from './partition-key.ts';
import {
  entryData,
  entryId,
  type QuarantineEntry,
  quarantineIds,
  type Replay,
  readEntry,
  readReplay,
  replayKey,
} from './quarantine.ts';

export interface QuarantineFilter {
  /** UTC dates of arrival, both inclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly reason?: QuarantineReason;
  /** Entries that have been replayed too. @default false */
  readonly withReplayed?: boolean;
}

/** `waiting`: nobody has replayed it. `cutOff`: a replay began and its end is not known. */
export interface ListedEntry {
  readonly id: string;
  readonly entry: QuarantineEntry;
  readonly state: 'waiting' | 'replayed' | 'cutOff';
  readonly replay?: Replay;
}

/** Entries of a source's quarantine, by date of arrival, shard and sequence. */
export async function* listQuarantine(
  objects: Pick<Objects, 'get' | 'list'>,
  source: Pick<StreamSource, 'name'>,
  { from = '', to = '9999', reason, withReplayed = false }: QuarantineFilter = {},
): AsyncIterable<ListedEntry> {
  for await (const { id, hasReplay } of quarantineIds(objects, source)) {
    const dt = id.slice(0, 10);
    if (dt < from || dt > to) continue;
    const replay = hasReplay ? (await readReplay(objects, source, id))?.value : undefined;
    if (replay?.at !== undefined && !withReplayed) continue;
    const entry = await readEntry(objects, source, id);
    if (reason !== undefined && entry.reason !== reason) continue;
    if (!replay) yield { id, entry, state: 'waiting' };
    else yield { id, entry, state: replay.at === undefined ? 'cutOff' : 'replayed', replay };
  }
}

export interface ReplayPorts {
  readonly manifest: Manifest;
  readonly objects: Pick<Objects, 'get' | 'put' | 'delete'>;
  readonly stream: Pick<EventStream, 'put'>;
  readonly clock: Clock;
}

export interface ReplayRequest {
  readonly source: StreamSource;
  readonly entry: QuarantineEntry;
  /** Data to put instead of the entry's own; it must be acceptable now. */
  readonly corrected?: Uint8Array;
  /** Replays what has been replayed, or may have been, once more. @default false */
  readonly isAgain?: boolean;
}

export type ReplayOutcome =
  | { readonly kind: 'replayed'; readonly shard: string; readonly sequence: string }
  /** Somebody has begun to replay it before; `replay` says when, and whether it came to its end. */
  | { readonly kind: 'begunBefore'; readonly replay: Replay }
  /** The stream did not take it; it waits as before. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Puts a quarantined record back into its stream, where it arrives anew, and marks the entry. Of several who replay one entry one does it: the
 * mark is put before the record. Who dies in between leaves an entry whose replay was cut off; it is replayed again on request only, for the
 * record may be in the stream. What is still bad comes into quarantine again, at its new position. Throws ingest.stillBad for a
 * correction that would.
 */
export async function replayEntry(
  { manifest, objects, stream, clock }: ReplayPorts,
  { source, entry, corrected, isAgain = false }: ReplayRequest,
): Promise<ReplayOutcome> {
  const data = corrected ? correctedData(manifest, source, { data: corrected, nowMillis: clock() }) : entryData(entry);
  const id = entryId(entry);
  const key = replayKey(source, id);
  const startedAt = formatInstant(clock());
  const before = await readReplay(objects, source, id);
  if (before && !isAgain) return { kind: 'begunBefore', replay: before.value };
  const mark = (replay: Replay, etag: string | undefined): Promise<string | undefined> =>
    objects.put(key, JSON.stringify(replay), etag === undefined ? { ifAbsent: true } : { ifMatch: etag });
  const etag = await mark({ startedAt }, before?.etag);
  if (etag === undefined)
    return { kind: 'begunBefore', replay: (await readReplay(objects, source, id))?.value ?? { startedAt } };
  const [outcome] = await stream.put([{ partitionKey: partitionKeyFor(source, entry, data), data }]);
  if (outcome?.kind !== 'put') {
    // The stream says that it is not there: what was known before stands again.
    if (before) await mark(before.value, etag);
    else await objects.delete([key]);
    return { kind: 'failed', reason: outcome?.reason ?? 'no answer' };
  }
  const { shard, sequence } = outcome;
  await mark({ startedAt, at: formatInstant(clock()), shard, sequence }, etag);
  return { kind: 'replayed', shard, sequence };
}

/** The correction as the stream would have it from push. */
function correctedData(
  manifest: Manifest,
  source: StreamSource,
  { data, nowMillis }: { readonly data: Uint8Array; readonly nowMillis: number },
): Uint8Array {
  const reading = eventReader(source)(data);
  const refused = reading.kind === 'unreadable' ? reading : undefined;
  const acceptance =
    reading.kind === 'row' ? rowAcceptor(manifest, source)({ row: reading.row, arrivalMillis: nowMillis }) : undefined;
  const problem = refused ?? (acceptance?.kind === 'quarantined' ? acceptance : undefined);
  if (problem)
    throw new TidemarkError(
      'ingest.stillBad',
      `the corrected event is refused (${problem.reason}): ${problem.detail}`,
      {
        details: { reason: problem.reason },
      },
    );
  return reading.kind === 'row' ? utf8Bytes(eventJson(source, reading.row)) : data;
}

/** As its producer would have chosen it, so that copies meet in one shard; any for what cannot be read. */
function partitionKeyFor(source: StreamSource, entry: QuarantineEntry, data: Uint8Array): string {
  const reading = eventReader(source)(data);
  return reading.kind === 'row' ? partitionKeys(source)(reading.row) : entryId(entry);
}
