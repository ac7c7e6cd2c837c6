import { sequenceText } from '#semantics/stream/sequence.ts';
import { formatInstant } from '#semantics/time.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import type { OracleRecord } from '../oracle/stream-view.ts';
import type { ParquetRow } from './parquet-rows.ts';
import { Random } from './random.ts';

const minute = 60_000;
const hour = 60 * minute;

export interface DepartureStream {
  /** As consumers get them: by arrival, each shard in its order. */
  readonly records: readonly StreamRecord[];
  /** The same for the oracle, and every row of the file as a row of the history. */
  readonly oracleRecords: readonly OracleRecord[];
}

/** How much later than it happened an event arrives: mostly at once, some by minutes or hours, some too late, some from clocks that are ahead. */
function delayOf(random: Random): number {
  const kind = random.next();
  if (kind < 0.78) return random.integer(0, 30_000);
  if (kind < 0.92) return random.integer(0, 5 * minute);
  if (kind < 0.97) return random.integer(0, hour);
  if (kind < 0.993) return random.integer(hour, 20 * hour);
  if (kind < 0.994) return random.integer(24 * hour + 1, 30 * hour);
  return -random.integer(1, kind < 0.9995 ? 5 * minute : 10 * minute);
}

/**
 * The departures of a span of time (from exclusive, until inclusive) as gates would have sent them: out of order, some twice or more often, some
 * of them hours later. Two shards by carrier. Always the same stream.
 */
export function departureStream(
  departures: readonly ParquetRow[],
  { fromMillis, untilMillis }: { readonly fromMillis: number; readonly untilMillis: number },
): DepartureStream {
  const random = new Random(2013);
  const sent: { readonly row: ParquetRow; readonly sentAt: number; readonly arrival: number }[] = [];
  for (const row of departures) {
    const sentAt = Number(row.event_timestamp);
    if (sentAt <= fromMillis || sentAt > untilMillis) continue;
    let arrival = sentAt + delayOf(random);
    sent.push({ row, sentAt, arrival });
    while (random.chance(0.06)) {
      arrival += random.chance(0.8) ? random.integer(0, 10 * minute) : random.integer(0, 20 * hour);
      sent.push({ row, sentAt, arrival });
    }
  }
  sent.sort((a, b) => a.arrival - b.arrival);
  const arrived = sent.map((one, at) => ({
    ...one,
    shard: shardOf(String(one.row.carrier)),
    sequence: sequenceText(BigInt(at + 1)),
  }));
  return {
    records: arrived.map(({ row, arrival: arrivalMillis, shard, sequence }) => ({
      shard,
      sequence,
      arrivalMillis,
      data: Buffer.from(eventText(row)),
    })),
    oracleRecords: [
      ...departures.map((row) => ({ key: null, sentAt: Number(row.event_timestamp), id: String(row.flight_id), row })),
      ...arrived.map((one) => ({ ...one, key: null, id: String(one.row.flight_id) })),
    ],
  };
}

const shardOf = (carrier: string): string => `shardId-00000000000${carrier.charCodeAt(0) % 2}`;

/** As a producer writes it. */
const eventText = (row: ParquetRow): string =>
  JSON.stringify({
    ...row,
    flight_id: Number(row.flight_id), // far below 2^53
    scheduled_departure: formatInstant(Number(row.scheduled_departure)),
    event_timestamp: formatInstant(Number(row.event_timestamp)),
    created_timestamp: Number(row.created_timestamp),
  });
