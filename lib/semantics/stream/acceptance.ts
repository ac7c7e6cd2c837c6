import type { StreamSource } from '#spec/manifest.ts';

/** When a record says that it happened and when the stream got it, epoch milliseconds. */
export interface RecordTimes {
  readonly eventTimeMillis: number;
  readonly arrivalMillis: number;
}

/** `accepted`: when the event happened for us, never after its arrival. `refused`: it can never count. */
export type Acceptance =
  | { readonly kind: 'accepted'; readonly eventTimeMillis: number }
  | { readonly kind: 'refused'; readonly reason: 'tooFarAhead' | 'afterDeduplication' };

/**
 * Whether a record's times are accepted: a function of the record and its source alone, so that live consumers, replay and SQL decide alike.
 * At most allowedSkewMillis (inclusive) ahead of its arrival an event happened at its arrival. Where the source deduplicates, one that arrives more
 * than withinMillis after its event time is refused: whether it is the first of its kind is no longer known.
 */
export function acceptTime(
  { eventTimeMillis, arrivalMillis }: RecordTimes,
  source: Pick<StreamSource, 'allowedSkewMillis' | 'deduplicateBy'>,
): Acceptance {
  if (eventTimeMillis - arrivalMillis > source.allowedSkewMillis) return { kind: 'refused', reason: 'tooFarAhead' };
  const within = source.deduplicateBy?.withinMillis ?? Number.POSITIVE_INFINITY;
  if (arrivalMillis - eventTimeMillis > within) return { kind: 'refused', reason: 'afterDeduplication' };
  return { kind: 'accepted', eventTimeMillis: Math.min(eventTimeMillis, arrivalMillis) };
}
