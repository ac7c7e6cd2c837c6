import { valueHash } from '#codec/value-hash.ts';
import { acceptTime } from '#semantics/stream/acceptance.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import type { OracleRecord } from '../oracle/stream-view.ts';

/**
 * The events of a log as the product counts them, each once, in the order in which they arrived: what its consumers do without their stores.
 */
export function acceptedEvents(
  records: readonly OracleRecord[],
  source: StreamSource,
): (StreamEvent & { readonly key: string | null })[] {
  const seen = new Set<string>();
  const untilMillis = source.history?.untilMillis ?? Number.NEGATIVE_INFINITY;
  return records.flatMap((record) => {
    const row = record.row as Readonly<Record<string, Value>>; // the world's values are values
    const hashes = Object.fromEntries(
      source.hashed.map((name) => {
        const type = source.schema.find((column) => column.name === name)?.type ?? 'string';
        return [name, valueHash(type, row[name] ?? null)];
      }),
    );
    const { key, sentAt, arrival } = record;
    if (arrival === undefined) {
      const arrivalMillis = sentAt + (source.history?.latencyMillis ?? 0);
      return arrivalMillis <= untilMillis ? [{ key, row, hashes, eventTimeMillis: sentAt, arrivalMillis }] : [];
    }
    const time = acceptTime({ eventTimeMillis: sentAt, arrivalMillis: arrival }, source);
    if (time.kind === 'refused' || arrival <= untilMillis) return [];
    const identity = JSON.stringify([
      key,
      record.id,
      Object.entries(row).map(([name, value]) => [name, String(value)]),
    ]);
    if (source.deduplicateBy && seen.has(identity)) return [];
    seen.add(identity);
    return [{ key, row, hashes, eventTimeMillis: time.eventTimeMillis, arrivalMillis: arrival }];
  });
}
