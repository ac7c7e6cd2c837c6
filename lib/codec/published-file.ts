import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';

/** One published partition of a batch view: its rows count from now on. */
export interface PublishedPartition {
  /** UTC date `yyyy-MM-dd` of the ticks. */
  readonly dt: string;
  readonly run: number;
  readonly publishedAtMillis: number;
}

/**
 * Ticks (fromMillis exclusive, toMillis inclusive) that a run has published: kept beside the rows so that one PUT decides on
 * both.
 */
export interface Publication {
  readonly run: number;
  readonly ticks: readonly { readonly fromMillis: number; readonly toMillis: number }[];
}

/** Content of `published.parquet`. */
export interface PublishedFile {
  /** The greatest run that has claimed the file: lesser ones may not replace it. */
  readonly fence: number;
  /** The newest publication; absent before the first. */
  readonly last: Publication | undefined;
  readonly partitions: readonly PublishedPartition[];
}

const metadataKey = 'tidemark';
const interval = z.strictObject({ fromMillis: z.int(), toMillis: z.int() });
const metadataSchema = z.strictObject({
  fence: z.int(),
  last: z.optional(z.strictObject({ run: z.int(), ticks: z.array(interval) })),
});
const rowsSchema = z.array(z.strictObject({ dt: z.string(), run: z.bigint(), published_at: z.bigint() }));

/**
 * Parquet bytes: columns dt (string), run (int64), published_at (timestamp, milliseconds UTC), and the rest in the file's
 * key-value metadata, which SQL does not see.
 */
export function encodePublished({ fence, last, partitions }: PublishedFile): Uint8Array {
  const buffer = parquetWriteBuffer({
    schema: [
      { name: 'root', num_children: 3 },
      { name: 'dt', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'run', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'published_at', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
    ],
    columnData: [
      { name: 'dt', data: partitions.map(({ dt }) => dt) },
      { name: 'run', data: partitions.map(({ run }) => BigInt(run)) },
      { name: 'published_at', data: partitions.map(({ publishedAtMillis }) => BigInt(publishedAtMillis)) },
    ],
    kvMetadata: [{ key: metadataKey, value: JSON.stringify({ fence, last }) }],
  });
  return new Uint8Array(buffer);
}

/** Reads what encodePublished wrote. Throws codec.unreadablePublished for anything else. */
export async function decodePublished(bytes: Uint8Array): Promise<PublishedFile> {
  try {
    const file = new Uint8Array(bytes).buffer; // a copy that begins at 0, as the reader wants it
    const metadata = parquetMetadata(file);
    const text = metadata.key_value_metadata?.find(({ key }) => key === metadataKey)?.value ?? '';
    const { fence, last } = z.parse(metadataSchema, JSON.parse(text));
    const parsers = { timestampFromMilliseconds: (millis: bigint) => millis };
    const rows = z.parse(rowsSchema, await parquetReadObjects({ file, metadata, parsers }));
    return {
      fence,
      last,
      partitions: rows.map((row) => ({
        dt: row.dt,
        run: Number(row.run),
        publishedAtMillis: Number(row.published_at),
      })),
    };
  } catch (cause) {
    throw new TidemarkError('codec.unreadablePublished', 'published.parquet was not written by tidemark', {
      kind: 'failed',
      cause,
    });
  }
}
