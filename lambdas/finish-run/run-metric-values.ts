import type { RunRecord } from '#engine/materialize/run-record.ts';
import { type Metric, runMetrics } from '#observe/metric-names.ts';

/**
 * The metrics of a finished run. Freshness: its end less the newest tick (batch) or the instant that rows were taken at (table); a stream
 * view's is that of its events, not of its backfills.
 */
export function runMetricValues(record: RunRecord): (readonly [Metric, number])[] {
  const succeeded = record.state === 'succeeded';
  const newestMillis = record.toMillis ?? record.startedAtMillis;
  const freshness = ((record.finishedAtMillis ?? record.startedAtMillis) - newestMillis) / 1000;
  return [
    [runMetrics.succeeded, succeeded ? 1 : 0],
    [runMetrics.failed, succeeded ? 0 : 1],
    [runMetrics.rowsRead, record.rowsRead ?? 0],
    [runMetrics.rowsWritten, record.rowsWritten ?? 0],
    [runMetrics.rowsOlder, record.rowsOlder ?? 0],
    [runMetrics.rowsFailed, record.rowsFailed ?? 0],
    [runMetrics.bytesScanned, record.bytesScanned ?? 0],
    [runMetrics.seconds, record.seconds ?? 0],
    ...(succeeded && record.kind !== 'stream' ? ([[runMetrics.freshnessSeconds, freshness]] as const) : []),
  ];
}
