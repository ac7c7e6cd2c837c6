export type QueryState = 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface QueryStatus {
  readonly state: QueryState;
  /** Why it failed or was cancelled. */
  readonly reason?: string;
  readonly bytesScanned: number;
  readonly millis: number;
  /** Where UNLOAD's manifest (one s3:// URI per line) is, when the statement was one. */
  readonly manifestUri?: string;
}

/** Runs SQL over the offline store (Athena). There is no in-memory one: SQL is tested on the real engine. */
export interface SqlEngine {
  /** Starts a statement; the same token starts it once. Returns the query's id. */
  start(sql: string, token: string): Promise<string>;
  status(queryId: string): Promise<QueryStatus>;
  stop(queryId: string): Promise<void>;
  /** Rows of a finished SELECT as text; null for NULL. */
  rows(queryId: string): AsyncIterable<readonly (string | null)[]>;
}
