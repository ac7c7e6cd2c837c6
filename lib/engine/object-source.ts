import type { ByteSource } from '#codec/parquet-read.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Objects } from '#store/objects.ts';

/** An object as a source of byte ranges, for Parquet readers. Throws engine.missingObject. */
export async function objectSource(objects: Pick<Objects, 'getRange' | 'head'>, key: string): Promise<ByteSource> {
  const found = await objects.head(key);
  if (!found) throw new TidemarkError('engine.missingObject', `object ${key} does not exist`, { kind: 'failed' });
  return {
    byteLength: found.sizeBytes,
    slice: async (start, endExclusive = found.sizeBytes) =>
      exactBuffer(await objects.getRange(key, start, endExclusive)),
  };
}

/** The bytes as a buffer of their own: a copy only where they are a window of a larger one. */
function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
    ? buffer
    : new Uint8Array(bytes).buffer;
}
