export interface ObjectInfo {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** Condition of a put: only when no object stands, or only over the version with this etag. */
export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: string };

/** The object store of one bucket. Keys have no leading slash. */
export interface Objects {
  /** Undefined when there is no such object. */
  get(key: string): Promise<{ readonly body: Uint8Array; readonly etag: string } | undefined>;
  /** Bytes [start, endExclusive) of an object that exists. */
  getRange(key: string, start: number, endExclusive: number): Promise<Uint8Array>;
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Undefined when the condition failed (somebody else wrote); the new etag otherwise. */
  put(key: string, body: Uint8Array | string, condition?: PutCondition): Promise<string | undefined>;
  /** All objects under a prefix, by key in UTF-8 order. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  delete(keys: readonly string[]): Promise<void>;
  /** `s3://bucket/key` of a key, for SQL. */
  uri(key: string): string;
}
