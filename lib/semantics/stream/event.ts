import type { Value } from '#spec/value-type.ts';

/** An accepted event of a stream or of its history. Everything that SQL knows of it too, so that both compute the same. */
export interface StreamEvent {
  /** Values by column, as sent. */
  readonly row: Readonly<Record<string, Value>>;
  /** When it happened, epoch milliseconds: never after its arrival. */
  readonly eventTimeMillis: number;
  readonly arrivalMillis: number;
  /** 64-bit hashes of the source's `hashed` columns; null for null, NaN and infinite values. */
  readonly hashes: Readonly<Record<string, bigint | null>>;
  /** Equal for events of equal id and payload; present where the source deduplicates. */
  readonly fingerprint?: bigint;
}
