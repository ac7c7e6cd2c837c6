/** One folder of a partitioned table. */
export interface Partition {
  readonly values: readonly string[];
  /** s3:// URI ending in a slash. */
  readonly location: string;
}

/** Registered partitions of catalog tables. */
export interface Partitions {
  /** Adds the partitions; one that exists with the same location is left, with another location is moved. */
  register(table: string, partitions: readonly Partition[]): Promise<void>;
  /** Adds those that do not exist; one that exists stays where it is. */
  registerNew(table: string, partitions: readonly Partition[]): Promise<void>;
}
