/** CloudWatch namespace of every metric that Tidemark's Lambdas emit (embedded metric format). */
export const metricNamespace = 'Tidemark';

/** Which deployment a metric belongs to: several may share an account. */
export interface Deployment {
  readonly project: string;
  readonly stage: string;
}

/**
 * Dimension sets. CloudWatch does not aggregate over dimensions, so an emitter puts every metric under `deployment` (what most alarms
 * read) and again under its narrower set: serving under `service` (requests that list features have none), runs under `view`
 * (freshness alarms, dashboard), consumers of streams and push under `source`. Emitter and alarm call the same function, so they name
 * the same set.
 */
export const dimensions = {
  deployment: ({ project, stage }: Deployment) => ({ project, stage }),
  service: ({ project, stage }: Deployment, service: string) => ({ project, stage, service }),
  /** `view` is `name@version`. */
  view: ({ project, stage }: Deployment, view: string) => ({ project, stage, view }),
  /** `source` is the name of a stream source: what its consumers and the push route emit. */
  source: ({ project, stage }: Deployment, source: string) => ({ project, stage, source }),
} as const;

/** CloudWatch's names of units. */
export type MetricUnit = 'Count' | 'Bytes' | 'Seconds' | 'Milliseconds';

/** Metrics of one request of the serving handler. */
export const serveMetrics = {
  requests: { name: 'ServeRequests', unit: 'Count' },
  entities: { name: 'ServeEntities', unit: 'Count' },
  /** Requests of which some key could not be read before the deadline. */
  partial: { name: 'ServePartial', unit: 'Count' },
  /** Time in DynamoDB, retries included. */
  storeMillis: { name: 'StoreLatency', unit: 'Milliseconds' },
  /** Time in the handler, store included. */
  handlerMillis: { name: 'HandlerLatency', unit: 'Milliseconds' },
  /** Requests for what their caller has no role for. */
  forbidden: { name: 'ServeForbidden', unit: 'Count' },
  /** Requests beyond their caller's limit. */
  throttled: { name: 'ServeThrottled', unit: 'Count' },
  /** Stored rows in a format that this deployment does not know: their values are ERROR. */
  unknownLayouts: { name: 'UnknownLayouts', unit: 'Count' },
  /** Runs of an on-demand view's transform that failed, one per entity and view. */
  transformErrors: { name: 'TransformErrors', unit: 'Count' },
  /** Items of services with a cache that were served from it, and that were asked of the store: the hit rate is hits / (hits + misses). */
  cacheHits: { name: 'ServeCacheHits', unit: 'Count' },
  cacheMisses: { name: 'ServeCacheMisses', unit: 'Count' },
} as const satisfies MetricTable;

/** Metrics of the serving log, as the serving function writes it: rows of answers. */
export const servingLogMetrics = {
  logged: { name: 'ServingLogRows', unit: 'Count' },
  /** Rows that are not in the log: more than could wait, too large, or refused by the stream. */
  dropped: { name: 'ServingLogDropped', unit: 'Count' },
} as const satisfies MetricTable;

/** Number of values served with a status, e.g. `FeaturesPresent` for PRESENT. */
export const featureStatusMetric = (status: string): Metric => ({
  name: `Features${status.charAt(0).toUpperCase()}${status.slice(1).toLowerCase()}`,
  unit: 'Count',
});

/** Metrics of one materialization run, emitted by its last step whether it succeeded or failed. */
export const runMetrics = {
  succeeded: { name: 'RunsSucceeded', unit: 'Count' },
  failed: { name: 'RunsFailed', unit: 'Count' },
  /** Rows that the online selection found. */
  rowsRead: { name: 'RowsRead', unit: 'Count' },
  rowsWritten: { name: 'RowsWritten', unit: 'Count' },
  /** Rows not written because a greater one stood. */
  rowsOlder: { name: 'RowsOlder', unit: 'Count' },
  /** Rows read that were neither written nor older: lost unless the run is repeated. */
  rowsFailed: { name: 'RowsFailed', unit: 'Count' },
  bytesScanned: { name: 'BytesScanned', unit: 'Bytes' },
  seconds: { name: 'RunSeconds', unit: 'Seconds' },
  /** End of the run minus the newest tick (batch) or the newest object read (table) that it made visible. Successful runs only. */
  freshnessSeconds: { name: 'FreshnessSeconds', unit: 'Seconds' },
} as const satisfies MetricTable;

/** Metrics of one training set, emitted when it is complete or has failed. */
export const trainingSetMetrics = {
  succeeded: { name: 'TrainingSetsSucceeded', unit: 'Count' },
  failed: { name: 'TrainingSetsFailed', unit: 'Count' },
  rows: { name: 'TrainingSetRows', unit: 'Count' },
  bytesScanned: { name: 'TrainingSetBytesScanned', unit: 'Bytes' },
} as const satisfies MetricTable;

/** Metrics of one batch of a stream as the aggregate consumer (aggregate-events) did it. */
export const aggregateMetrics = {
  /** Accepted events that some window still needed, each once however often it was delivered. */
  eventsApplied: { name: 'EventsApplied', unit: 'Count' },
  /** Accepted events that no window of any view needs any more: they are in the log, and in no online value. */
  eventsLate: { name: 'EventsLate', unit: 'Count' },
  /** Events not counted because they had been before: delivered again, or equal by deduplication. */
  eventsRepeated: { name: 'EventsRepeated', unit: 'Count' },
  itemsWritten: { name: 'ItemsWritten', unit: 'Count' },
  /** Writes that another write had forestalled: folded and tried again. */
  itemConflicts: { name: 'ItemConflicts', unit: 'Count' },
  /** Events of a batch that one item takes, at most: with the batch's size the skew of its keys. DynamoDB writes 1,000 KB of one item a second. */
  hottestItemEvents: { name: 'HottestItemEvents', unit: 'Count' },
  /** Items that would have grown beyond their limit and gave their tiles up: their windows are ERROR for a while. */
  itemsTooLarge: { name: 'ItemsTooLarge', unit: 'Count' },
  /** 1 for a batch of which a part was handed back to be tried again, else 0. */
  handedBack: { name: 'AggregateBatchesHandedBack', unit: 'Count' },
  /** From the arrival of the batch's oldest record to its last write. */
  delayMillis: { name: 'AggregateDelay', unit: 'Milliseconds' },
} as const satisfies MetricTable;

/** Metrics of one batch of a stream as the archive consumer (archive-events) did it. */
export const archiveMetrics = {
  eventsArchived: { name: 'EventsArchived', unit: 'Count' },
  /** Records that can never succeed, put aside with their reason. */
  eventsQuarantined: { name: 'EventsQuarantined', unit: 'Count' },
  handedBack: { name: 'ArchiveBatchesHandedBack', unit: 'Count' },
  /** From the arrival of the batch's oldest record to its checkpoint. */
  delayMillis: { name: 'ArchiveDelay', unit: 'Milliseconds' },
} as const satisfies MetricTable;

/** Metrics of one run of compact-events, per source. */
export const compactMetrics = {
  daysCompacted: { name: 'DaysCompacted', unit: 'Count' },
  filesCompacted: { name: 'FilesCompacted', unit: 'Count' },
  /** Records that lie in quarantine at that time, neither replayed nor removed. */
  quarantineDepth: { name: 'QuarantineDepth', unit: 'Count' },
} as const satisfies MetricTable;

/** Metrics of one request of POST /v1/push/{source}. */
export const pushMetrics = {
  accepted: { name: 'PushAccepted', unit: 'Count' },
  rejected: { name: 'PushRejected', unit: 'Count' },
  failed: { name: 'PushFailed', unit: 'Count' },
} as const satisfies MetricTable;

export interface Metric {
  readonly name: string;
  readonly unit: MetricUnit;
}
type MetricTable = Readonly<Record<string, Metric>>;
