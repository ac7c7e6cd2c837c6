import { encodeEntityKey } from '#codec/entity-key.ts';
import { type EventRow, eventJson, eventReader } from '#codec/event-json.ts';
import { fingerprintOf, valueHash } from '#codec/value-hash.ts';
import { acceptTime } from '#semantics/stream/acceptance.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findEntity } from '#spec/find.ts';
import type { Entity, Manifest, StreamSource } from '#spec/manifest.ts';
import type { StreamRecord } from '#store/event-stream.ts';

/** Why a record can never count. The texts stand in quarantine entries and on the command line. */
export const quarantineReasons = [
  /** No JSON object in UTF-8. */
  'notJson',
  /** A field is no value of its column. */
  'wrongType',
  /** No event time. */
  'missingEventTime',
  /** No value in the source's eventId or deduplicateBy column. */
  'missingEventId',
  /** No entity of the source's views has all its keys. */
  'missingKeys',
  /** A key is NaN, or all of an entity's take more than 2,048 bytes. */
  'invalidKey',
  /** Further ahead of its arrival than allowedSkew. */
  'tooFarAhead',
  /** Arrived later than deduplicateBy.within after its event time. */
  'afterDeduplication',
] as const;
export type QuarantineReason = (typeof quarantineReasons)[number];

export interface Quarantined {
  readonly kind: 'quarantined';
  readonly reason: QuarantineReason;
  /** One sentence for people; it names the field. */
  readonly detail: string;
}
export type Acceptance = { readonly kind: 'accepted'; readonly event: StreamEvent } | Quarantined;

/** A row and the instant at which the stream got it, or would get it. */
export interface ArrivedRow {
  readonly row: EventRow;
  readonly arrivalMillis: number;
}

const refuse = (reason: QuarantineReason, detail: string): Quarantined => ({ kind: 'quarantined', reason, detail });

/**
 * The one decision on a record of a source: a function of the record, its arrival and the definitions, shared by the aggregating and the
 * archiving consumer, push and replay. Never throws for any record. An event whose arrival is not after the source's history is accepted (it
 * belongs in the log) but counts nowhere.
 */
export function recordAcceptor(manifest: Manifest, source: StreamSource): (record: StreamRecord) => Acceptance {
  const read = eventReader(source);
  const accept = rowAcceptor(manifest, source);
  return ({ data, arrivalMillis }) => {
    const reading = read(data);
    return reading.kind === 'row'
      ? accept({ row: reading.row, arrivalMillis })
      : refuse(reading.reason, reading.detail);
  };
}

/** As recordAcceptor, of a row that has been read already. */
export function rowAcceptor(manifest: Manifest, source: StreamSource): (arrived: ArrivedRow) => Acceptance {
  const entities = source.entities.map((name) => findEntity(manifest, name));
  const ids = [...new Set([source.eventId, source.deduplicateBy?.field])].filter((name) => name !== undefined);
  const hashed = source.hashed.flatMap((name) => source.schema.filter((column) => column.name === name));
  return ({ row, arrivalMillis }) => {
    const eventTimeMillis = row[source.eventTime];
    if (typeof eventTimeMillis !== 'number')
      return refuse('missingEventTime', `field ${source.eventTime} is the event time and must not be null`);
    const missingId = ids.find((name) => row[name] === null);
    if (missingId !== undefined)
      return refuse('missingEventId', `field ${missingId} identifies the event and must not be null`);
    const keyProblem = checkKeys(entities, row);
    if (keyProblem) return keyProblem;
    const time = acceptTime({ eventTimeMillis, arrivalMillis }, source);
    if (time.kind === 'refused') return refuse(time.reason, timeProblem(source, { eventTimeMillis, arrivalMillis }));
    return {
      kind: 'accepted',
      event: {
        row,
        eventTimeMillis: time.eventTimeMillis,
        arrivalMillis,
        hashes: Object.fromEntries(hashed.map(({ name, type }) => [name, valueHash(type, row[name] ?? null)])),
        ...(source.deduplicateBy ? { fingerprint: fingerprintOf(eventJson(source, row)) } : {}),
      },
    };
  };
}

/** An entity with a null key is left out by its views; without any entity, or with keys that cannot be stored, the event is of no use. */
function checkKeys(entities: readonly Entity[], row: EventRow): Quarantined | undefined {
  let complete = 0;
  for (const entity of entities) {
    const values = entity.keys.map(({ name }) => row[name] ?? null);
    if (values.includes(null)) continue;
    complete++;
    try {
      encodeEntityKey(entity, values);
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      return refuse('invalidKey', error.message);
    }
  }
  if (complete > 0 || entities.length === 0) return undefined;
  const keys = [...new Set(entities.flatMap((entity) => entity.keys.map(({ name }) => name)))];
  return refuse('missingKeys', `fields ${keys.join(', ')} are keys, and no entity of the source has all of its own`);
}

function timeProblem(
  source: StreamSource,
  { eventTimeMillis, arrivalMillis }: { readonly eventTimeMillis: number; readonly arrivalMillis: number },
): string {
  const times = `field ${source.eventTime} is ${formatInstant(eventTimeMillis)}, arrived ${formatInstant(arrivalMillis)}`;
  return eventTimeMillis > arrivalMillis
    ? `${times}: allowed is at most ${source.allowedSkewMillis} ms ahead`
    : `${times}: events are told from copies for ${source.deduplicateBy?.withinMillis ?? 0} ms only`;
}
