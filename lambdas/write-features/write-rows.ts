import { type AppendPorts, appendableSource, appendRows } from '#engine/ingest/append-rows.ts';
import { type Fields, rowsOfFields } from '#engine/ingest/frame-rows.ts';
import { eventPusher, type PushResult } from '#engine/ingest/push-events.ts';
import { logFields } from '#observe/log-fields.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { RowSource, StreamSource } from '#spec/manifest.ts';
import type { EventStream } from '#store/event-stream.ts';

export interface WritePorts extends AppendPorts {
  /** The stream of a source of the manifest. */
  readonly streamOf: (source: string) => EventStream;
}

/** Counts for the request's log line. */
export type WriteFacts = Readonly<Record<string, number | string>>;

/** Writes the rows of a source: events into its stream, or rows into its files and online. All of them, or none. */
export async function writeRows(
  ports: WritePorts,
  source: RowSource,
  { fields, isOnline }: { readonly fields: readonly Fields[]; readonly isOnline: boolean },
): Promise<WriteFacts> {
  const facts = { [logFields.source]: source.name, rows: fields.length };
  if (fields.length === 0) return facts;
  if (source.kind === 'stream') {
    await pushAll(ports, source, fields);
    return facts;
  }
  const rows = rowsOfFields(source, fields);
  const { written, older, waiting } = await appendRows(ports, appendableSource(source), { rows, isOnline });
  return { ...facts, written, older, waiting };
}

/** What Kinesis takes at once. */
const eventsPerPut = 500;

async function pushAll(ports: WritePorts, source: StreamSource, fields: readonly Fields[]): Promise<void> {
  const push = eventPusher(ports.manifest, source, { stream: ports.streamOf(source.name), clock: ports.clock });
  for (let start = 0; start < fields.length; start += eventsPerPut) {
    const results = await push(fields.slice(start, start + eventsPerPut), { isWhole: true });
    refuseRejected(results, start);
    if (results.some(({ status }) => status === 'failed'))
      throw new TidemarkError(
        'push.streamUnavailable',
        `the stream of ${source.name} did not take all rows; push them again`,
        {
          kind: 'unavailable',
        },
      );
  }
}

function refuseRejected(results: readonly PushResult[], start: number): void {
  const index = results.findIndex(({ status }) => status === 'rejected');
  const rejected = results[index];
  if (rejected?.status !== 'rejected') return;
  throw new TidemarkError('ingest.badFrame', `row ${start + index}: ${rejected.error.message}`);
}
