import type { Limits } from '#spec/access.ts';

/** What is left of a caller's burst at an instant, in thousandths of a unit: refilled by whole numbers, so nothing is ever rounded. */
export interface Bucket {
  readonly thousandths: number;
  readonly atMillis: number;
}

export type Taking =
  | { readonly kind: 'taken'; readonly bucket: Bucket }
  /** So many milliseconds later it is there. */
  | { readonly kind: 'later'; readonly waitMillis: number }
  /** More than a burst: never. */
  | { readonly kind: 'never' };

/**
 * Takes units out of a bucket; undefined is a full one. Nothing is taken unless all is. Over any span of s seconds no more is taken than
 * burst + perSecond * s, and time that goes backwards adds nothing.
 */
export function take(
  bucket: Bucket | undefined,
  { perSecond, burst }: Limits,
  { units, nowMillis }: { readonly units: number; readonly nowMillis: number },
): Taking {
  if (units > burst) return { kind: 'never' };
  const atMillis = Math.max(nowMillis, bucket?.atMillis ?? nowMillis);
  const full = burst * 1000;
  const level = bucket ? Math.min(full, bucket.thousandths + (atMillis - bucket.atMillis) * perSecond) : full;
  const missing = units * 1000 - level;
  if (missing > 0) return { kind: 'later', waitMillis: Math.ceil(missing / perSecond) };
  return { kind: 'taken', bucket: { thousandths: -missing, atMillis } };
}
