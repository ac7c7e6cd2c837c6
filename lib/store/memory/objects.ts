import { createHash } from 'node:crypto';
import { compareTexts } from '#semantics/value.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { ObjectInfo, Objects, PutCondition } from '../objects.ts';

/** Objects of one process, with S3's conditions and etags. For tests. */
export class MemoryObjects implements Objects {
  readonly #objects = new Map<string, { readonly body: Uint8Array; readonly etag: string }>();
  readonly #bucket: string;

  constructor(bucketName = 'memory') {
    this.#bucket = bucketName;
  }

  async get(key: string): Promise<{ body: Uint8Array; etag: string } | undefined> {
    const found = this.#objects.get(key);
    return found && { body: found.body.slice(), etag: found.etag };
  }

  async getRange(key: string, start: number, endExclusive: number): Promise<Uint8Array> {
    const found = this.#objects.get(key);
    if (!found) throw new TidemarkError('store.objectUnreadable', `object ${key} does not exist`, { kind: 'failed' });
    return found.body.slice(start, endExclusive);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = this.#objects.get(key);
    return found && { key, etag: found.etag, sizeBytes: found.body.length };
  }

  async put(key: string, body: Uint8Array | string, condition?: PutCondition): Promise<string | undefined> {
    const present = this.#objects.get(key)?.etag;
    if (condition && ('ifAbsent' in condition ? present !== undefined : present !== condition.ifMatch))
      return undefined;
    const bytes = Uint8Array.from(typeof body === 'string' ? Buffer.from(body) : body);
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    this.#objects.set(key, { body: bytes, etag });
    return etag;
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort(compareTexts);
    for (const key of keys) {
      const info = await this.head(key);
      if (info) yield info;
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#objects.delete(key);
  }

  uri(key: string): string {
    return `s3://${this.#bucket}/${key}`;
  }
}
