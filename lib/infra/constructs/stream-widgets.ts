import { Duration } from 'aws-cdk-lib';
import { GraphWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Stream, StreamConsumers } from '#infra/constructs/stream.ts';
import { iteratorAge, refusedPuts, sourceMetric } from '#infra/metrics.ts';
import {
  aggregateMetrics,
  archiveMetrics,
  compactMetrics,
  type Deployment,
  type Metric as NamedMetric,
  pushMetrics,
} from '#observe/metric-names.ts';

const fiveMinutes = Duration.minutes(5);
/** Widgets a row of CloudWatch's 24 columns. */
const quarter = 6;

/** One row per stream source: does it keep up, what counts, what does not, what is written. */
export const streamRows = (stream: Stream, deployment: Deployment): IWidget[][] =>
  stream.consumers.map((consumers) => streamRow(consumers, deployment));

function streamRow({ source, streamName, aggregate, archive }: StreamConsumers, deployment: Deployment): IWidget[] {
  const emitted = (metric: NamedMetric, statistic = 'Sum'): IMetric =>
    sourceMetric(deployment, metric, {
      source,
      statistic,
      period: fiveMinutes,
      label: statistic === 'Sum' ? metric.name : `${metric.name} ${statistic}`,
    });
  const graph = (title: string, left: IMetric[]): IWidget =>
    new GraphWidget({ title: `${source}: ${title}`, width: quarter, left });
  return [
    graph('behind by (ms)', [
      iteratorAge(aggregate).with({ label: 'aggregate' }),
      iteratorAge(archive).with({ label: 'archive' }),
      emitted(aggregateMetrics.delayMillis, 'p95'),
      emitted(archiveMetrics.delayMillis, 'p95'),
    ]),
    graph('events', [
      emitted(aggregateMetrics.eventsApplied),
      emitted(aggregateMetrics.eventsRepeated),
      emitted(archiveMetrics.eventsArchived),
      emitted(pushMetrics.accepted),
    ]),
    graph('not counted, tried again', [
      emitted(archiveMetrics.eventsQuarantined),
      emitted(compactMetrics.quarantineDepth, 'Maximum'),
      emitted(aggregateMetrics.eventsLate),
      emitted(aggregateMetrics.handedBack),
      emitted(archiveMetrics.handedBack),
      emitted(pushMetrics.rejected),
      emitted(pushMetrics.failed),
      refusedPuts(streamName),
    ]),
    graph('items and files', [
      emitted(aggregateMetrics.itemsWritten),
      emitted(aggregateMetrics.itemConflicts),
      emitted(aggregateMetrics.hottestItemEvents, 'Maximum'),
      emitted(aggregateMetrics.itemsTooLarge),
      emitted(compactMetrics.daysCompacted),
      emitted(compactMetrics.filesCompacted),
    ]),
  ];
}
