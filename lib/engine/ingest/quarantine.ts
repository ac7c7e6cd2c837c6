import * as z from 'zod/mini';
import { fromBase64, toBase64 } from '#codec/base64.ts';
import { utf8Bytes, utf8Text } from '#codec/utf8.ts';
import { formatInstant, parseInstant, utcDate } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { StreamSource } from '#spec/manifest.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import type { Objects } from '#store/objects.ts';
import { readJson } from '../stored-json.ts';
import { type Quarantined, quarantineReasons } from './accept-record.ts';

/** A record that can never count, as it lies in quarantine. */
const entrySchema = z.strictObject({
  reason: z.enum(quarantineReasons),
  detail: z.string(),
  source: z.string(),
  shard: z.string(),
  sequence: z.string(),
  /** ISO 8601. */
  arrival: z.string(),
  /** The record's data: as text where it is UTF-8, else in base64. */
  payload: z.string(),
  encoding: z.enum(['text', 'base64']),
});
export type QuarantineEntry = z.infer<typeof entrySchema>;

/**
 * Beside an entry once a replay of it has begun: whoever puts it first does the replay. Without `at` the replay was cut off, and whether
 * the record was put back is not known.
 */
const replaySchema = z.strictObject({
  startedAt: z.string(),
  at: z.optional(z.string()),
  shard: z.optional(z.string()),
  sequence: z.optional(z.string()),
});
export type Replay = z.infer<typeof replaySchema>;

type Named = Pick<StreamSource, 'name'>;
const entrySuffix = '.json';
const replaySuffix = '.replay.json';

/** `<arrival date>/<shard>/<sequence>`: the name of an entry within its source. */
export const entryId = ({ arrival, shard, sequence }: QuarantineEntry): string =>
  `${utcDate(parseInstant(arrival))}/${shard}/${sequence}`;

const baseKey = (source: Named, id: string): string => `${objectKeys.quarantine(source)}dt=${id}`;
export const replayKey = (source: Named, id: string): string => `${baseKey(source, id)}${replaySuffix}`;

/** Puts a record into quarantine; again: nothing happens, for an entry never changes. */
export async function quarantineRecord(
  objects: Pick<Objects, 'put'>,
  source: Named,
  { record, quarantined }: { readonly record: StreamRecord; readonly quarantined: Quarantined },
): Promise<void> {
  const { shard, sequence, arrivalMillis, data } = record;
  const { reason, detail } = quarantined;
  const arrival = formatInstant(arrivalMillis);
  const entry: QuarantineEntry = { reason, detail, source: source.name, shard, sequence, arrival, ...payloadOf(data) };
  const key = `${baseKey(source, entryId(entry))}${entrySuffix}`;
  await objects.put(key, JSON.stringify(entry), { ifAbsent: true });
}

function payloadOf(data: Uint8Array): Pick<QuarantineEntry, 'payload' | 'encoding'> {
  try {
    return { payload: utf8Text(data), encoding: 'text' };
  } catch {
    return { payload: toBase64(data), encoding: 'base64' };
  }
}

/** The record's data, byte for byte. */
export const entryData = ({ payload, encoding }: QuarantineEntry): Uint8Array =>
  encoding === 'text' ? utf8Bytes(payload) : (fromBase64(payload) ?? new Uint8Array(0));

/** Names of entries under a prefix of names (`2024-03-01`, `2024-03-01/shardId-0`), and whether each is being or has been replayed. */
export async function* quarantineIds(
  objects: Pick<Objects, 'list'>,
  source: Named,
  prefix = '',
): AsyncIterable<{ readonly id: string; readonly hasReplay: boolean }> {
  const folder = baseKey(source, '');
  let open: string | undefined;
  // By key `<id>.json` comes right before `<id>.replay.json`.
  for await (const { key } of objects.list(baseKey(source, prefix))) {
    const isReplay = key.endsWith(replaySuffix);
    const id = key.slice(folder.length, -(isReplay ? replaySuffix : entrySuffix).length);
    if (open !== undefined) yield { id: open, hasReplay: isReplay && id === open };
    open = isReplay ? undefined : id;
  }
  if (open !== undefined) yield { id: open, hasReplay: false };
}

/** Records of a source that wait in quarantine: nobody has begun to replay them. */
export async function quarantineDepth(objects: Pick<Objects, 'list'>, source: Named): Promise<number> {
  let depth = 0;
  for await (const { hasReplay } of quarantineIds(objects, source)) depth += hasReplay ? 0 : 1;
  return depth;
}

/** The entry of a name; throws ingest.notQuarantined, engine.badFile. */
export async function readEntry(objects: Pick<Objects, 'get'>, source: Named, id: string): Promise<QuarantineEntry> {
  const found = await readJson(objects, `${baseKey(source, id)}${entrySuffix}`, entrySchema);
  if (found) return found.value;
  throw new TidemarkError(
    'ingest.notQuarantined',
    `source ${source.name} has no quarantined record ${id}; list them with "tidemark quarantine list ${source.name}"`,
    { kind: 'notFound', details: { source: source.name, id } },
  );
}

/** The replay of an entry, as far as it has come; undefined before it. */
export async function readReplay(
  objects: Pick<Objects, 'get'>,
  source: Named,
  id: string,
): Promise<{ readonly value: Replay; readonly etag: string } | undefined> {
  return readJson(objects, replayKey(source, id), replaySchema);
}
