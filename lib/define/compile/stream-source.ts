import type { StreamSource } from '#spec/manifest.ts';
import { defaultHistoryLatencyMillis, type History, type StreamSource as StreamDefinition } from '../stream-source.ts';
import { checkName, documented } from './documented.ts';
import { instantOf } from './instant.ts';
import { isMillis, isPositiveMillis } from './millis.ts';
import { named, type Problems, shown } from './problems.ts';
import { checkIdentity, checkLocation, checkMeaning, columnsOf, partitionOf } from './source-columns.ts';
import type { Readers } from './stream-readers.ts';

/** Partition of the event log by the day of arrival. */
const logPartition = 'dt';
const maximumShards = 500;
/** The item of an entity remembers each event for as long as `within`. */
const maximumWithinMillis = 7 * 86_400_000;

export function compileStreamSource(definition: StreamDefinition, readers: Readers, problems: Problems): StreamSource {
  const { name, origin, eventTime, eventId, createdTime, deleted, allowedSkew, shards, documentation } = definition;
  checkName(definition, 'a source', { name, problems });
  const schema = columnsOf(definition, problems);
  if (Object.hasOwn(definition.schema, logPartition))
    problems.add(
      origin,
      'reservedName',
      `column "${logPartition}" of source "${name}" is the partition of its event log; use another name`,
    );
  checkMeaning(definition, { role: 'eventTime', column: eventTime, type: 'timestamp' }, problems);
  checkMeaning(definition, { role: 'createdTime', column: createdTime, type: 'timestamp' }, problems);
  checkMeaning(definition, { role: 'deleted', column: deleted, type: 'bool' }, problems);
  if (eventId !== undefined) checkIdentity(definition, { role: 'eventId', column: eventId }, problems);
  if (!isMillis(allowedSkew))
    problems.add(
      origin,
      'wrongDuration',
      `allowedSkew of source "${name}" must be 0 or a positive whole number of milliseconds, got ${shown(allowedSkew)}; write it as minutes(5)`,
    );
  if (shards !== undefined && !(Number.isInteger(shards) && shards >= 1 && shards <= maximumShards))
    problems.add(
      origin,
      'wrongShards',
      `shards of source "${name}" must be a whole number from 1 to ${maximumShards}, got ${shown(shards)}; leave it out for a stream on demand`,
    );
  const deduplicateBy = deduplicationOf(definition, problems);
  const history = definition.history && historyOf(definition, definition.history, problems);
  return {
    kind: 'stream',
    name,
    schema,
    eventTime,
    ...(eventId !== undefined && { eventId }),
    ...(createdTime !== undefined && { createdTime }),
    ...(deleted !== undefined && { deleted }),
    allowedSkewMillis: allowedSkew,
    ...(deduplicateBy && { deduplicateBy }),
    partitionBy: partitionColumns(definition, readers, problems),
    ...(shards !== undefined && { shards }),
    ...(history && { history }),
    entities: readers.entities.map((entity) => entity.name),
    hashed: [...readers.hashed],
    ...documented(documentation),
  };
}

function deduplicationOf(definition: StreamDefinition, problems: Problems): StreamSource['deduplicateBy'] {
  const { name, origin, deduplicateBy, eventId } = definition;
  if (!deduplicateBy) return undefined;
  const { field = eventId, within } = deduplicateBy;
  if (!isPositiveMillis(within) || within > maximumWithinMillis)
    problems.add(
      origin,
      'wrongDuration',
      `within of deduplicateBy of source "${name}" must be whole milliseconds from 1 to days(7), got ${shown(within)}; each entity remembers its events for so long, so choose the longest time after which a producer repeats one, as hours(6)`,
    );
  if (field === undefined) {
    problems.add(
      origin,
      'noEventId',
      `deduplicateBy of source "${name}" has no field; declare eventId, or write deduplicateBy: { field, within }`,
    );
    return undefined;
  }
  const isKnown = checkIdentity(definition, { role: 'deduplicateBy', column: field }, problems);
  return isKnown ? { field, withinMillis: within } : undefined;
}

function historyOf(definition: StreamDefinition, history: History, problems: Problems): StreamSource['history'] {
  const { name, origin } = definition;
  const { location, partitionedBy, until, latency = defaultHistoryLatencyMillis } = history;
  checkLocation(definition, { what: `history location of source "${name}"`, location }, problems);
  const what = `partitionedBy of the history of source "${name}"`;
  const partition = partitionOf(definition, { what, partitionedBy }, problems);
  if (!isMillis(latency))
    problems.add(
      origin,
      'wrongDuration',
      `history latency of source "${name}" must be 0 or a positive whole number of milliseconds, got ${shown(latency)}; write it as seconds(30)`,
    );
  const instant = instantOf(String(until));
  if ('problem' in instant) {
    problems.add(origin, 'wrongInstant', `history until of source "${name}": ${instant.problem}`);
    return undefined;
  }
  return {
    location,
    ...(partition && { partitionedBy: partition }),
    untilMillis: instant.millis,
    latencyMillis: latency,
  };
}

/**
 * Columns that choose the shard: as declared, else the keys that all reading entities have in common, else the event id where nobody
 * reads. Several entities must choose: only one of them can have each of its items written from one shard.
 */
function partitionColumns(definition: StreamDefinition, { entities }: Readers, problems: Problems): string[] {
  const { name, origin, eventId, partitionBy } = definition;
  if (partitionBy !== undefined) {
    if (partitionBy.length === 0)
      problems.add(origin, 'noPartition', `partitionBy of source "${name}" names no column; name one or leave it out`);
    for (const column of partitionBy) checkIdentity(definition, { role: 'partitionBy', column }, problems);
    return [...partitionBy];
  }
  const [first, ...others] = entities.map((entity) => Object.keys(entity.keys));
  if (first && others.every((keys) => keys.join() === first.join())) return first;
  if (!first && eventId !== undefined) return [eventId];
  problems.add(
    origin,
    'noPartition',
    first
      ? `source "${name}" is read by the entities ${named(entities.map((entity) => entity.name))}, so its shard does not follow from one of them; declare partitionBy: the keys of the entity with the most events, as partitionBy: ${shown(first.length === 1 ? first[0] : first)}`
      : `source "${name}" is read by no view and has no eventId, so nothing chooses the shard of an event; declare partitionBy or eventId`,
  );
  return [];
}
