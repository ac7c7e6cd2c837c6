import { type EventRow, eventFieldsReader, eventJson, unknownFields } from '#codec/event-json.ts';
import { utf8Bytes } from '#codec/utf8.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';
import { type EventStream, maximumRecordBytes, type NewRecord, type PutOutcome } from '#store/event-stream.ts';
import { rowAcceptor } from './accept-record.ts';
import { partitionKeys } from './partition-key.ts';

export interface PushError {
  /** `push.<reason>`. */
  readonly code: string;
  /** One sentence; it names the field. */
  readonly message: string;
}
/** `rejected`: it can never be accepted as it is. `failed`: it is not in the stream; the same event may be pushed again. */
export type PushResult =
  | { readonly status: 'accepted'; readonly shard: string; readonly sequence: string }
  | { readonly status: 'rejected' | 'failed'; readonly error: PushError };

export interface PushPorts {
  readonly stream: EventStream;
  readonly clock: Clock;
}

export interface PushOptions {
  /** None is put where one is rejected; the others are `failed` then. @default false */
  readonly isWhole?: boolean;
}

const notAlone: PushResult = {
  status: 'failed',
  error: { code: 'push.notTaken', message: 'not put, for another event of the request was rejected' },
};

type Checked = NewRecord | PushError;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Puts events (JSON of parseWireJson) into the stream of their source; one result per event, in their order. Checked as the consumers check
 * them on arrival, which decides, and more strictly: a field that the schema does not have is refused here. What is put is the canonical
 * text, so that equal events are equal bytes. Rejects where the stream cannot be put to at all.
 */
export function eventPusher(
  manifest: Manifest,
  source: StreamSource,
  { stream, clock }: PushPorts,
): (events: readonly unknown[], options?: PushOptions) => Promise<readonly PushResult[]> {
  const check = eventChecker(manifest, source);
  return async (events, { isWhole = false } = {}) => {
    const nowMillis = clock();
    const checked = events.map((event) => check(event, nowMillis));
    if (isWhole && checked.some((one) => !('data' in one)))
      return checked.map((one) => ('data' in one ? notAlone : { status: 'rejected', error: one }));
    const records = checked.filter((one): one is NewRecord => 'data' in one);
    const outcomes = records.length > 0 ? await stream.put(records) : [];
    let position = 0;
    return checked.map((one) => ('data' in one ? resultOf(outcomes[position++]) : { status: 'rejected', error: one }));
  };
}

function resultOf(outcome: PutOutcome | undefined): PushResult {
  if (outcome?.kind === 'put') return { status: 'accepted', shard: outcome.shard, sequence: outcome.sequence };
  const message = 'the stream did not take it now; push it again';
  return { status: 'failed', error: { code: 'push.notTaken', message } };
}

/** The record of an event, or why there can be none. */
function eventChecker(manifest: Manifest, source: StreamSource): (event: unknown, nowMillis: number) => Checked {
  const readFields = eventFieldsReader(source);
  const accept = rowAcceptor(manifest, source);
  const record = recordMaker(source);
  return (event, nowMillis) => {
    if (!isObject(event)) return { code: 'push.notObject', message: `must be an object, got ${kindOf(event)}` };
    const unknown = unknownFields(source, event);
    if (unknown.length > 0) return unknownField(source, unknown);
    const reading = readFields(event);
    if (reading.kind === 'unreadable') return { code: `push.${reading.reason}`, message: reading.detail };
    const acceptance = accept({ row: reading.row, arrivalMillis: nowMillis });
    if (acceptance.kind === 'quarantined') return { code: `push.${acceptance.reason}`, message: acceptance.detail };
    return record(reading.row);
  };
}

/** A name may be as long as the body, and there may be 500 results. */
const shownName = (name: string): string => (name.length > 80 ? `${name.slice(0, 80).toWellFormed()}...` : name);

const unknownField = (source: StreamSource, unknown: readonly string[]): PushError => ({
  code: 'push.unknownField',
  message: `${unknown.length > 1 ? 'fields' : 'field'} ${unknown.slice(0, 5).map(shownName).join(', ')} ${unknown.length > 1 ? 'are' : 'is'} not in source ${source.name}; it has ${source.schema.map(({ name }) => name).join(', ')}`,
});

function recordMaker(source: StreamSource): (row: EventRow) => Checked {
  const partitionKey = partitionKeys(source);
  return (row) => {
    const record = { partitionKey: partitionKey(row), data: utf8Bytes(eventJson(source, row)) };
    const bytes = record.data.length + record.partitionKey.length;
    if (bytes <= maximumRecordBytes) return record;
    return {
      code: 'push.eventTooLarge',
      message: `takes ${bytes} bytes in the stream; a record has at most ${maximumRecordBytes}`,
    };
  };
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
