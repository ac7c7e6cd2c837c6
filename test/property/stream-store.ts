import type { TypedColumn } from '#codec/parquet-write.ts';
import { fingerprintOf, valueHash } from '#codec/value-hash.ts';
import { acceptTime } from '#semantics/stream/acceptance.ts';
import { eventColumns, objectKeys, spineKeyColumn, tableNames } from '#spec/layout.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import type { OfflineStore } from '#test/support/offline-store.ts';
import type { OracleRecord } from '../oracle/stream-view.ts';

/** Event logs, histories and labels as the archive, their owners and the staging of a spine would have written them. */

export interface StreamLabel {
  readonly caseId: number;
  /** Null: the label has no entity. */
  readonly part: string | null;
  readonly t: number;
}

export const dataset = 'streams';

function rowColumns(source: StreamSource, records: readonly OracleRecord[]): TypedColumn[] {
  const valueIn = (record: OracleRecord, name: string): Value => (record.row[name] ?? null) as Value; // the world's values are values
  return [
    ...source.schema.map(({ name, type }) => ({ name, type, values: records.map((record) => valueIn(record, name)) })),
    ...source.hashed.map((name): TypedColumn => {
      const type = source.schema.find((column) => column.name === name)?.type ?? 'string';
      const values = records.map((record) => valueHash(type, valueIn(record, name)));
      return { name: eventColumns.hash(name), type: 'int64', values };
    }),
  ];
}

/** Accepted records: a file for each date of arrival and shard. */
export async function putLog(
  store: OfflineStore,
  source: StreamSource,
  records: readonly OracleRecord[],
): Promise<void> {
  const files = new Map<string, { readonly record: OracleRecord; readonly arrival: number; readonly at: number }[]>();
  for (const record of records) {
    const { arrival, sentAt } = record;
    if (arrival === undefined) continue;
    const time = acceptTime({ eventTimeMillis: sentAt, arrivalMillis: arrival }, source);
    if (time.kind === 'refused') continue;
    const file = `dt=${new Date(arrival).toISOString().slice(0, 10)}/${record.shard}`;
    const rows = files.get(file) ?? [];
    rows.push({ record, arrival, at: time.eventTimeMillis });
    files.set(file, rows);
  }
  const dates = new Set([...files.keys()].map((file) => file.slice(3, 13)));
  await store.partitions.register(
    tableNames.events(source),
    [...dates].map((dt) => ({ values: [dt], location: store.objects.uri(`${objectKeys.events(source)}dt=${dt}/`) })),
  );
  for (const [file, rows] of files)
    await store.putRows(`${objectKeys.events(source)}${file}/1.parquet`, [
      ...rowColumns(
        source,
        rows.map(({ record }) => record),
      ),
      { name: eventColumns.eventTime, type: 'timestamp', values: rows.map(({ at }) => at) },
      { name: eventColumns.arrivalTime, type: 'timestamp', values: rows.map(({ arrival }) => arrival) },
      { name: eventColumns.shard, type: 'string', values: rows.map(({ record }) => record.shard ?? '') },
      { name: eventColumns.sequence, type: 'string', values: rows.map(({ record }) => record.sequence ?? '') },
      { name: eventColumns.fingerprint, type: 'int64', values: rows.map(({ record }) => fingerprint(source, record)) },
    ]);
}

const fingerprint = ({ deduplicateBy }: StreamSource, { row }: OracleRecord): bigint | null =>
  deduplicateBy === undefined
    ? null
    : fingerprintOf(JSON.stringify(Object.entries(row).map(([name, value]) => [name, String(value)])));

/** Rows of before the stream, in one file. */
export async function putHistory(
  store: OfflineStore,
  source: StreamSource,
  records: readonly OracleRecord[],
): Promise<void> {
  const rows = records.filter(({ arrival }) => arrival === undefined);
  if (source.history) await store.putRows(`sources/${source.history.location}all.parquet`, rowColumns(source, rows));
}

export async function putLabels(store: OfflineStore, entity: string, labels: readonly StreamLabel[]): Promise<void> {
  await store.putRows(`${objectKeys.spineParts(dataset)}part=0/spine.parquet`, [
    { name: 'row_id', type: 'int64', values: labels.map((_, at) => BigInt(at)) },
    { name: 'event_time_ms', type: 'int64', values: labels.map(({ t }) => BigInt(t)) },
    { name: spineKeyColumn(entity, 'case_id'), type: 'int64', values: labels.map(({ caseId }) => BigInt(caseId)) },
    { name: spineKeyColumn(entity, 'part'), type: 'string', values: labels.map(({ part }) => part) },
  ]);
}
