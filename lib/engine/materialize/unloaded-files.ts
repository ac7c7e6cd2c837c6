import { openParquet } from '#codec/parquet-read.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Objects } from '#store/objects.ts';
import { objectSource } from '../object-source.ts';

/** A Parquet file of an UNLOAD. */
export interface UnloadedFile {
  readonly key: string;
  readonly rows: number;
}

const readersAtOnce = 16;

/**
 * The files that an UNLOAD says it has written, with the rows that their footers tell, by key. It is asked for its manifest, not for
 * its folder: a file of a worker that Athena gave up on is in the folder only. No manifest means no rows.
 */
export async function unloadedFiles(
  objects: Pick<Objects, 'get' | 'getRange' | 'head' | 'uri'>,
  manifestUri: string | undefined,
): Promise<UnloadedFile[]> {
  if (manifestUri === undefined) return [];
  const manifest = await objects.get(keyOf(objects, manifestUri));
  if (!manifest) return [];
  const uris = new TextDecoder()
    .decode(manifest.body)
    .split(/\r?\n/)
    .filter((line) => line !== '');
  const keys = uris.map((uri) => keyOf(objects, uri)).sort();
  const files: UnloadedFile[] = [];
  const readers = Array.from({ length: readersAtOnce }, async (_, reader) => {
    for (let index = reader; index < keys.length; index += readersAtOnce) {
      const key = keys[index] ?? '';
      files[index] = { key, rows: (await openParquet(await objectSource(objects, key))).rowCount };
    }
  });
  await Promise.all(readers);
  return files;
}

function keyOf(objects: Pick<Objects, 'uri'>, uri: string): string {
  const bucket = objects.uri('');
  if (uri.startsWith(bucket)) return uri.slice(bucket.length);
  throw new TidemarkError('materialize.strayFile', `Athena wrote ${uri}, which is not under ${bucket}`, {
    kind: 'failed',
    details: { uri },
  });
}
