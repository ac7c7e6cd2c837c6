import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { EventRow } from '#codec/event-json.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import { dayMillis, utcDate } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findEntity } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Manifest, ParquetSource, TableView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import type { Clock } from '#store/clock.ts';
import type { Objects } from '#store/objects.ts';
import type { OnlineRow, OnlineRows, WriteCounts } from '#store/online-rows.ts';
import { encodeRow } from '../materialize/encode-row.ts';
import { viewsOf } from './frame-rows.ts';

export interface AppendPorts {
  readonly manifest: Manifest;
  /** The deployment's bucket. */
  readonly objects: Pick<Objects, 'put'>;
  readonly online: Pick<OnlineRows, 'writeNewer'>;
  readonly clock: Clock;
}

export interface Appended extends WriteCounts {
  /** Rows of table views that are not available yet; a run brings them online after their time. */
  readonly waiting: number;
}

type TimedSource = ParquetSource & { readonly eventTime: string };

/** The source as one that takes single rows. Throws ingest.notAppendable for static sources and for those in another's bucket. */
export function appendableSource(source: ParquetSource): TimedSource {
  const { name, location, eventTime } = source;
  if (location.startsWith('s3://'))
    throw notAppendable(
      `source ${name} lies in a bucket that is not the deployment's: ${location}; put a Parquet file there`,
    );
  if (eventTime === undefined)
    throw notAppendable(`source ${name} has no event time, so no row of it is newer than another; replace its files`);
  return { ...source, eventTime };
}

const notAppendable = (message: string): TidemarkError => new TidemarkError('ingest.notAppendable', message);

/**
 * Adds rows to a Parquet source, then brings those that are available to the table views online, newer ones winning: nothing is served
 * that a training set cannot see. Files are named by what they hold, so that a repeated call changes nothing. Rows that cannot be stored are
 * refused before anything is written. Throws ingest.badFrame, codec errors for keys, materialize.itemTooLarge.
 */
export async function appendRows(
  ports: AppendPorts,
  source: TimedSource,
  { rows, isOnline }: { readonly rows: readonly EventRow[]; readonly isOnline: boolean },
): Promise<Appended> {
  const nowMillis = ports.clock();
  rows.forEach((row, index) => {
    if (row[source.eventTime] === null)
      throw new TidemarkError(
        'ingest.badFrame',
        `row ${index} has no ${source.eventTime}; every row has an event time`,
      );
  });
  const views = isOnline ? onlineTableViews(ports.manifest, source) : [];
  const encoded = views.flatMap((view) => {
    const entity = findEntity(ports.manifest, view.entity);
    return rows.map((row) => ({
      availableMillis: Number(row[source.eventTime]) + view.delayMillis,
      item: encodeRow(
        view,
        entity,
        selectedRow(view, source, { row, keys: entity.keys.map(({ name }) => row[name] ?? null) }),
      ),
    }));
  });
  for (const { key, bytes } of filesOf(source, rows)) await ports.objects.put(key, bytes, { ifAbsent: true });
  const available = encoded.filter(({ availableMillis }) => availableMillis <= nowMillis);
  const counts = await write(
    ports.online,
    available.map(({ item }) => item.row),
  );
  return { ...counts, waiting: encoded.length - available.length };
}

const write = (online: AppendPorts['online'], rows: readonly OnlineRow[]): Promise<WriteCounts> | WriteCounts =>
  rows.length === 0 ? { written: 0, older: 0 } : online.writeNewer(rows);

/** The table views that a row of the source can be served by at once. */
export const onlineTableViews = (manifest: Manifest, source: ParquetSource): readonly TableView[] =>
  viewsOf(manifest, source).filter((view): view is TableView => view.kind === 'table' && view.online);

/** A row as a run would select it from the file. */
function selectedRow(
  view: TableView,
  { eventTime, createdTime, deleted }: TimedSource,
  { row, keys }: { readonly row: EventRow; readonly keys: readonly Value[] },
) {
  const millisOf = (column: string | undefined): number | null => {
    const value = column === undefined ? null : row[column];
    return typeof value === 'number' ? value : null;
  };
  const eventTimeMillis = millisOf(eventTime);
  return {
    eventTimeMillis,
    createdTimeMillis: millisOf(createdTime) ?? eventTimeMillis,
    run: 0,
    deleted: deleted !== undefined && row[deleted] === true,
    marks: null,
    keys,
    features: view.features.map(({ column }) => row[column] ?? null),
  };
}

/** A file of the rows, or one for each date where the source has partitions. */
function filesOf(
  source: ParquetSource,
  rows: readonly EventRow[],
): { readonly key: string; readonly bytes: Uint8Array }[] {
  const folder = objectKeys.source(source.location);
  const { partitionedBy } = source;
  const byFolder = new Map<string, EventRow[]>();
  for (const row of rows) {
    const key = partitionedBy ? `${folder}${partitionedBy.column}=${dateOf(source, row[partitionedBy.of])}/` : folder;
    const known = byFolder.get(key);
    if (known) known.push(row);
    else byFolder.set(key, [row]);
  }
  return [...byFolder].map(([prefix, ofFolder]) => {
    const bytes = writeParquet(
      source.schema.map(({ name, type }) => ({ name, type, values: ofFolder.map((row) => row[name] ?? null) })),
    );
    return { key: objectKeys.pushedRows(prefix, bytesToHex(sha256(bytes)).slice(0, 32)), bytes };
  });
}

function dateOf({ name, schema, partitionedBy }: ParquetSource, value: Value | undefined): string {
  if (typeof value !== 'number')
    throw new TidemarkError('ingest.badFrame', `source ${name} is partitioned by ${partitionedBy?.of}; a row has none`);
  const type = schema.find((column) => column.name === partitionedBy?.of)?.type;
  return utcDate(type === 'date' ? value * dayMillis : value);
}
