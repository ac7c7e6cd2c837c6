import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { TidemarkError } from '#spec/errors.ts';
import { chunked } from '../concurrent.ts';
import type { ObjectInfo, Objects, PutCondition } from '../objects.ts';
import { errorName, requestAttempts } from '../retry.ts';

/** S3's limit of keys in one DeleteObjects. */
const deleteBatchKeys = 1000;

/**
 * The S3 client of all adapters. Path-style addresses (`endpoint/bucket/key`) work on AWS for every bucket name that Tidemark makes and
 * are the only ones that resolve on a host without wildcard DNS, so one setting serves both.
 */
export const createS3Client = (): S3Client =>
  new S3Client({
    forcePathStyle: true,
    maxAttempts: 5,
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 64 }, httpsAgent: { keepAlive: true, maxSockets: 64 } },
  });

/** One bucket of S3. */
export class S3Objects implements Objects {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucketName: string) {
    this.#client = client;
    this.#bucket = bucketName;
  }

  async get(key: string): Promise<{ body: Uint8Array; etag: string } | undefined> {
    try {
      const response = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return { body: await bodyBytes(key, response.Body), etag: response.ETag ?? '' };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async getRange(key: string, start: number, endExclusive: number): Promise<Uint8Array> {
    if (endExclusive <= start) return new Uint8Array(0);
    const Range = `bytes=${start}-${endExclusive - 1}`;
    const response = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key, Range }));
    return bodyBytes(key, response.Body);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    try {
      const response = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      return { key, etag: response.ETag ?? '', sizeBytes: response.ContentLength ?? 0 };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async put(key: string, body: Uint8Array | string, condition?: PutCondition): Promise<string | undefined> {
    const conditions =
      condition === undefined ? {} : 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch };
    try {
      // Bytes: of an empty text the SDK cannot tell the length.
      const command = new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: Buffer.from(body), ...conditions });
      return (await this.#client.send(command)).ETag ?? '';
    } catch (error) {
      if (condition === undefined || !isConditionFailure(error)) throw error;
      // Only a repeated request can have failed against its own first try, whose answer was lost.
      return requestAttempts(error) > 1 ? this.#etagIfEqual(key, body) : undefined;
    }
  }

  async #etagIfEqual(key: string, body: Uint8Array | string): Promise<string | undefined> {
    const stored = await this.get(key);
    return stored && Buffer.from(stored.body).equals(Buffer.from(body)) ? stored.etag : undefined;
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    for await (const page of paginateListObjectsV2({ client: this.#client }, { Bucket: this.#bucket, Prefix: prefix }))
      for (const { Key, ETag, Size } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, etag: ETag ?? '', sizeBytes: Size ?? 0 };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const chunk of chunked(keys, deleteBatchKeys)) {
      const Delete = { Objects: chunk.map((Key) => ({ Key })), Quiet: true };
      const { Errors = [] } = await this.#client.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete }));
      const [first] = Errors;
      if (first)
        throw new TidemarkError(
          'store.deleteFailed',
          `${Errors.length} of ${chunk.length} objects could not be deleted; the first is ${first.Key}: ${first.Code} ${first.Message}`,
          { kind: 'failed', details: { keys: Errors.map((error) => error.Key) } },
        );
    }
  }

  uri(key: string): string {
    return `s3://${this.#bucket}/${key}`;
  }
}

async function bodyBytes(
  key: string,
  body: { transformToByteArray(): Promise<Uint8Array> } | undefined,
): Promise<Uint8Array> {
  if (!body) throw new TidemarkError('store.objectUnreadable', `object ${key} has no body`, { kind: 'failed' });
  return body.transformToByteArray();
}

const isAbsent = (error: unknown): boolean => ['NoSuchKey', 'NotFound'].includes(errorName(error));

/** 412; 409 where another conditional write was under way; 404 where IfMatch named a version of an object that is gone. */
const isConditionFailure = (error: unknown): boolean =>
  ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey', 'NotFound'].includes(errorName(error));
