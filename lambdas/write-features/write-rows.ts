import { type AppendPorts, appendableSource, appendRows } from '#engine/ingest/append-rows.ts';
import { type Fields, rowsOfFields } from '#engine/ingest/frame-rows.ts';
import { eventPusher, type PushResult } from '#engine/ingest/push-events.ts';
import { logFields } from '#observe/log-fields.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { ParquetSource, RowSource, StreamSource } from '#spec/manifest.ts';
import type { EventStream } from '#store/event-stream.ts';

export interface WritePorts extends AppendPorts {
  /** The stream of a source of the manifest. */
  readonly streamOf: (source: string) => EventStream;
  /** Rows that were taken, for metrics. */
  readonly report: (facts: { readonly source: string; readonly rows: number }) => void;
}

/** Counts for the request's log line. */
type WriteFacts = Readonly<Record<string, number | string>>;

/** Writes the rows of a source: events into its stream, or rows into its files and online. All of them, or none. */
export async function writeRows(
  ports: WritePorts,
  source: RowSource,
  { fields, isOnline }: { readonly fields: readonly Fields[]; readonly isOnline: boolean },
): Promise<WriteFacts> {
  const facts = { [logFields.source]: source.name, rows: fields.length };
  if (fields.length === 0) return facts;
  const counts =
    source.kind === 'stream' ? await pushAll(ports, source, fields) : await append(ports, source, { fields, isOnline });
  ports.report({ source: source.name, rows: fields.length });
  return { ...facts, ...counts };
}

async function append(
  ports: WritePorts,
  source: ParquetSource,
  { fields, isOnline }: { readonly fields: readonly Fields[]; readonly isOnline: boolean },
): Promise<WriteFacts> {
  const rows = rowsOfFields(source, fields);
  const { written, older, waiting } = await appendRows(ports, appendableSource(source), { rows, isOnline });
  return { written, older, waiting };
}

async function pushAll(ports: WritePorts, source: StreamSource, fields: readonly Fields[]): Promise<WriteFacts> {
  const push = eventPusher(ports.manifest, source, { stream: ports.streamOf(source.name), clock: ports.clock });
  const results = await push(fields, { isWhole: true });
  refuseRejected(results);
  if (results.some(({ status }) => status === 'failed'))
    throw new TidemarkError(
      'push.streamUnavailable',
      `the stream of ${source.name} did not take all rows; push them again`,
      {
        kind: 'unavailable',
      },
    );
  return {};
}

function refuseRejected(results: readonly PushResult[]): void {
  const index = results.findIndex(({ status }) => status === 'rejected');
  const rejected = results[index];
  if (rejected?.status === 'rejected')
    throw new TidemarkError('ingest.badFrame', `row ${index}: ${rejected.error.message}`);
}
