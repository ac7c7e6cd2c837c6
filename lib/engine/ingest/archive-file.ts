import * as z from 'zod/mini';
import { openParquet, parquetMetadataText } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { utcDate } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { eventColumns, objectKeys } from '#spec/layout.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import type { Objects } from '#store/objects.ts';
import { objectSource } from '../object-source.ts';

/** An accepted event and its place in the stream. */
export interface LoggedEvent {
  readonly event: StreamEvent;
  readonly shard: string;
  readonly sequence: string;
}

/** Which records of its shard a file stands for, whether they are in it or in quarantine. It lies in the file's footer. */
const coverageSchema = z.strictObject({ lastSequence: z.string(), lastArrivalMillis: z.int() });
export type Coverage = z.infer<typeof coverageSchema>;
const coverageKey = 'tidemark';

/** Folder of a day of the event log, as it is archived: `dt` is the UTC date of the arrivals. */
export const dayFolder = (source: Pick<StreamSource, 'name'>, dt: string): string =>
  `${objectKeys.events(source)}dt=${dt}/`;

/** Key of the file whose first record, accepted or not, is this one. */
export const eventFileKey = (source: Pick<StreamSource, 'name'>, first: StreamRecord): string =>
  `${dayFolder(source, utcDate(first.arrivalMillis))}${first.shard}/${first.sequence}.parquet`;

/** Bytes of a file of the event log: the schema's columns as sent, then eventColumns. Equal events give equal bytes. */
export function encodeEventFile(
  source: Pick<StreamSource, 'schema' | 'hashed'>,
  { events, coverage }: { readonly events: readonly LoggedEvent[]; readonly coverage: Coverage },
): Uint8Array {
  const column = (name: string, type: ColumnType, of: (logged: LoggedEvent) => Value): TypedColumn => ({
    name,
    type,
    values: events.map(of),
  });
  const columns = [
    ...source.schema.map(({ name, type }) => column(name, type, ({ event }) => event.row[name] ?? null)),
    column(eventColumns.eventTime, 'timestamp', ({ event }) => event.eventTimeMillis),
    column(eventColumns.arrivalTime, 'timestamp', ({ event }) => event.arrivalMillis),
    column(eventColumns.shard, 'string', ({ shard }) => shard),
    column(eventColumns.sequence, 'string', ({ sequence }) => sequence),
    column(eventColumns.fingerprint, 'int64', ({ event }) => event.fingerprint ?? null),
    ...source.hashed.map((name) => column(eventColumns.hash(name), 'int64', ({ event }) => event.hashes[name] ?? null)),
  ];
  return writeParquet(columns, { metadata: { [coverageKey]: JSON.stringify(coverage) } });
}

/** What a file that stands covers. Throws ingest.badEventFile for one that the archive has not written. */
export async function readCoverage(objects: Pick<Objects, 'getRange' | 'head'>, key: string): Promise<Coverage> {
  const file = await openParquet(await objectSource(objects, key));
  try {
    return z.parse(coverageSchema, JSON.parse(parquetMetadataText(file, coverageKey) ?? ''));
  } catch (cause) {
    throw new TidemarkError('ingest.badEventFile', `${key} was not written by the archive; move it elsewhere`, {
      kind: 'failed',
      cause,
      details: { key },
    });
  }
}
