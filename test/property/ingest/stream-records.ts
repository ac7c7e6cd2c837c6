import { encodeEntityKey } from '#codec/entity-key.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import type { Random } from '#test/support/random.ts';
import { countedEvents, type OracleRecord, streamFeatureAt } from '../../oracle/stream-view.ts';
import type { OracleValue } from '../../oracle/values.ts';
import { entity, instantsOf, oracleStreams, payloadOf, type StreamViewCase } from '../stream-world.ts';

/**
 * The records that reached the stream, by shard, each in its order. Records of one entity lie in several shards, as after shards were split;
 * copies of one event in one, as partitionBy has it.
 */
export function shardsOf(random: Random, records: readonly OracleRecord[]): StreamRecord[][] {
  const shardOfEvent = new Map<string, string>();
  const arrived = records.flatMap((record) => {
    const { id, sequence, arrival } = record;
    if (sequence === undefined || arrival === undefined) return [];
    const event = id ?? sequence;
    const shard = shardOfEvent.get(event) ?? `shardId-00000000000${random.integer(0, 2)}`;
    shardOfEvent.set(event, shard);
    return [{ shard, sequence, arrivalMillis: arrival, data: payloadOf(record) }];
  });
  return [...Map.groupBy(arrived, ({ shard }) => shard).values()];
}

/** What must be read of an entity at an instant, by the oracle. */
export interface Expected {
  readonly entityKey: string;
  readonly atMillis: number;
  readonly values: readonly OracleValue[];
  readonly marks: string;
}

/** Oracle's answers for every entity at instants at which all of its records have arrived. */
export function expectedOf(random: Random, records: readonly OracleRecord[], one: StreamViewCase): Expected[] {
  // The stream alone: what its history holds the backfill merges.
  const ofStream = records.filter(({ arrival }) => arrival !== undefined);
  const events = countedEvents(ofStream, oracleStreams[one.sourceName]);
  const keys = new Set(ofStream.flatMap(({ key }) => (key === null ? [] : [key])));
  const limit = one.maxEvents === undefined ? {} : { maxEvents: one.maxEvents };
  return [...keys].flatMap((key) => {
    const own = ofStream.filter((record) => record.key === key);
    const last = Math.max(...own.map(({ arrival = 0 }) => arrival));
    const instants = [last, last + 1, ...instantsOf(random, own, one).filter((t) => t >= last)];
    const [keyed] = own;
    const entityKey = encodeEntityKey(
      entity,
      entity.keys.map(({ name }) => keyOf(keyed?.row[name])),
    );
    const ownEvents = events.filter((event) => event.key === key);
    return instants.map((t) => {
      const cells = one.features.map((feature) => streamFeatureAt(ownEvents, feature, { t, ...limit }));
      const values = cells.map(({ value }) => value);
      return { entityKey, atMillis: t, values, marks: cells.map(({ mark }) => mark).join('') };
    });
  });
}

const keyOf = (value: OracleValue | undefined) =>
  typeof value === 'string' || typeof value === 'bigint' ? value : null;
