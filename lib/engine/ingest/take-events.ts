import type { Progress, RecentEvent, ShardProgress } from '#codec/progress.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Cut } from './cuts.ts';
import type { ArrivedEvent } from './group-events.ts';

/** Arrivals of a shard are in order but for the clocks of Kinesis; nobody promises how far they agree. */
export const arrivalSlackMillis = 60_000;

export interface TakenEvents {
  /** To be folded now. */
  readonly taken: readonly ArrivedEvent[];
  /** Applied already, by their sequence. */
  readonly redelivered: readonly ArrivedEvent[];
  /** Equal to one that counts, by their fingerprint. */
  readonly duplicates: readonly ArrivedEvent[];
  /** Left to the backfill. */
  readonly notOurs: readonly ArrivedEvent[];
  /** With all of the above applied. Equal to the given one where there was nothing to remember. */
  readonly progress: Progress;
}

/**
 * Which events of an entity are to be folded, given what its item has seen and where its view is cut. Events beyond the cut are taken
 * once; an event that the backfill counts is remembered by its fingerprint, so that its copies beyond the cut do not count again.
 * `events` of a shard stand in its order.
 */
export function takeEvents(progress: Progress, cut: Cut, events: readonly ArrivedEvent[]): TakenEvents {
  const taken: ArrivedEvent[] = [];
  const redelivered: ArrivedEvent[] = [];
  const duplicates: ArrivedEvent[] = [];
  const notOurs: ArrivedEvent[] = [];
  // Copies are looked for in every shard: a stream that is split or merged goes on in other ones.
  const seen = new Set([...progress.shards.values()].flatMap(({ recent }) => recent.map((one) => one.fingerprint)));
  const shards = new Map<string, ShardProgress & { readonly recent: RecentEvent[] }>();
  for (const arrived of events) {
    const { shard, sequence, event } = arrived;
    const known = shards.get(shard) ?? progress.shards.get(shard);
    if (known && sequence <= known.sequence) {
      redelivered.push(arrived);
      continue;
    }
    const isOurs = event.arrivalMillis > cut.cutMillis;
    const { fingerprint } = event;
    const isCopy = fingerprint !== undefined && seen.has(fingerprint);
    (isOurs ? (isCopy ? duplicates : taken) : notOurs).push(arrived);
    // What only the position in the stream and the cut refuse needs no memory.
    if (!isOurs && fingerprint === undefined) continue;
    const recent = shards.get(shard)?.recent ?? [...(known?.recent ?? [])];
    if (fingerprint !== undefined && !isCopy) {
      seen.add(fingerprint);
      recent.push({ fingerprint, eventTimeMillis: event.eventTimeMillis });
    }
    const arrivalMillis = Math.max(known?.arrivalMillis ?? event.arrivalMillis, event.arrivalMillis);
    shards.set(shard, { sequence, arrivalMillis, recent });
  }
  if (shards.size === 0) return { taken, redelivered, duplicates, notOurs, progress };
  return {
    taken,
    redelivered,
    duplicates,
    notOurs,
    progress: { ...progress, shards: new Map([...progress.shards, ...shards]) },
  };
}

/** Greatest arrival that has been applied; undefined where nothing has. */
export function greatestArrivalMillis(progress: Pick<Progress, 'shards'>): number | undefined {
  let greatest: number | undefined;
  for (const { arrivalMillis } of progress.shards.values())
    greatest = Math.max(greatest ?? arrivalMillis, arrivalMillis);
  return greatest;
}

/** First arrival of the shard at which no copy of an event of that time is accepted any more. */
const copiesUntilMillis = (eventTimeMillis: number, source: StreamSource): number =>
  // An event that was ahead happened at its arrival; a copy of it is accepted by the time that it was sent with.
  eventTimeMillis + (source.deduplicateBy?.withinMillis ?? 0) + source.allowedSkewMillis + arrivalSlackMillis;

/**
 * Forgets what no record can ask for any more: shards of which the stream keeps nothing that has been applied, and fingerprints whose copies
 * would come too late, by the shard's own arrivals (others may be behind) or because the stream no longer keeps them.
 */
export function pruneProgress(progress: Progress, source: StreamSource, retentionMillis: number): Progress {
  const clockMillis = greatestArrivalMillis(progress);
  if (clockMillis === undefined) return progress;
  const keptFromMillis = clockMillis - retentionMillis - arrivalSlackMillis;
  const shards = new Map<string, ShardProgress>();
  for (const [shard, known] of progress.shards) {
    const fromMillis = Math.max(known.arrivalMillis, keptFromMillis);
    const recent = known.recent.filter((one) => copiesUntilMillis(one.eventTimeMillis, source) >= fromMillis);
    if (known.arrivalMillis >= keptFromMillis || recent.length > 0) shards.set(shard, { ...known, recent });
  }
  return { ...progress, shards };
}

/** First instant at which nobody asks for any of the fingerprints; undefined where there are none. */
export function fingerprintsUntilMillis(progress: Progress, source: StreamSource): number | undefined {
  let until: number | undefined;
  for (const { recent } of progress.shards.values())
    for (const { eventTimeMillis } of recent)
      until = Math.max(until ?? eventTimeMillis, copiesUntilMillis(eventTimeMillis, source));
  return until;
}
