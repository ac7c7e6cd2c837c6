import type { BatchResult } from '#engine/ingest/aggregate-batch.ts';
import { aggregateMetrics, type Metric } from '#observe/metric-names.ts';

/** The metrics of a batch. Delay: only of batches that applied something. */
export function batchMetricValues({ counts, failedFrom }: BatchResult): (readonly [Metric, number])[] {
  return [
    [aggregateMetrics.eventsApplied, counts.applied],
    [aggregateMetrics.eventsLate, counts.late],
    [aggregateMetrics.eventsRepeated, counts.duplicates],
    [aggregateMetrics.itemsWritten, counts.writes],
    [aggregateMetrics.itemConflicts, counts.conflicts],
    [aggregateMetrics.hottestItemEvents, counts.hottestItemEvents],
    [aggregateMetrics.itemsTooLarge, counts.itemsTooLarge],
    [aggregateMetrics.handedBack, failedFrom === undefined ? 0 : 1],
    ...(counts.applied > 0 ? ([[aggregateMetrics.delayMillis, counts.lagMillis]] as const) : []),
  ];
}
