/** A durable JSON record of a job (a materialization run, a training set), listed newest first by `sort` within `group`. */
export interface JobRecord {
  readonly group: string;
  readonly sort: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Records {
  put(record: JobRecord): Promise<void>;
  get(group: string, sort: string): Promise<JobRecord | undefined>;
  /** Greatest `sort` first. */
  list(group: string, limit: number): Promise<readonly JobRecord[]>;
}
