import { Duration } from 'aws-cdk-lib';
import type { Stage } from '#infra/config.ts';
import type { AlarmRule } from '#infra/constructs/alarm-rule.ts';
import type { Stream, StreamConsumers } from '#infra/constructs/stream.ts';
import { blockedBatches, iteratorAge, lateShare, refusedPuts, sourceMetric } from '#infra/metrics.ts';
import { aggregateMetrics, archiveMetrics, type Deployment } from '#observe/metric-names.ts';

/** An alarm and what its name ends with. */
export interface NamedRule {
  readonly name: string;
  readonly rule: AlarmRule;
}

const fiveMinutes = Duration.minutes(5);
const sustained = { periods: 5, breaching: 3 };
/** Online features are fresh within seconds; a minute is no blip any more. */
const aggregateBehindMillis = 60_000;
/** How far the log may be behind, besides the time that a batch is collected. */
const archiveBehindMillis = 15 * 60_000;

/** What is watched of every stream source, and of their compaction. */
export function streamRules(stream: Stream, deployment: Deployment, stage: Stage): readonly NamedRule[] {
  return [
    ...stream.consumers.flatMap((consumers) => [
      ...behind(consumers, stage),
      ...blocked(consumers, deployment),
      ...refused(consumers, deployment),
    ]),
    {
      name: 'compaction-failed',
      rule: {
        runbook: 'compaction-failed',
        what: 'compacting the event logs failed',
        metric: stream.compactFunction.metricErrors(),
        above: 0,
      },
    },
  ];
}

const behind = ({ source, aggregate, archive }: StreamConsumers, stage: Stage): NamedRule[] => [
  {
    name: `aggregate-behind-${source}`,
    rule: {
      runbook: 'aggregate-behind',
      what: `events of ${source} wait for more than ${aggregateBehindMillis / 1000} s before they count online`,
      metric: iteratorAge(aggregate),
      above: aggregateBehindMillis,
      ...sustained,
    },
  },
  {
    name: `archive-behind-${source}`,
    rule: {
      runbook: 'archive-behind',
      what: `events of ${source} wait for more than ${archiveBehindMillis / 60_000} min before they are in the log`,
      metric: iteratorAge(archive),
      above: archiveBehindMillis + stage.archiveWindowSeconds * 1000,
      ...sustained,
    },
  },
];

/** Every minute for five: a fault that passes is tried again within seconds. */
const blocked = ({ source, aggregate, archive }: StreamConsumers, deployment: Deployment): NamedRule[] =>
  (
    [
      ['aggregate', aggregate, aggregateMetrics.handedBack],
      ['archive', archive, archiveMetrics.handedBack],
    ] as const
  ).map(([consumer, consumerFunction, handedBack]) => ({
    name: `${consumer}-blocked-${source}`,
    rule: {
      runbook: `${consumer}-blocked`,
      what: `a shard of ${source} does not move: every batch for 5 minutes was handed back or ended its function (${consumer})`,
      metric: blockedBatches(consumerFunction, sourceMetric(deployment, handedBack, { source })),
      above: 0,
      periods: 5,
    },
  }));

const refused = ({ source, streamName }: StreamConsumers, deployment: Deployment): NamedRule[] => [
  {
    name: `quarantine-${source}`,
    rule: {
      runbook: 'quarantine',
      what: `records of ${source} were put aside: they can never succeed as they are`,
      metric: sourceMetric(deployment, archiveMetrics.eventsQuarantined, {
        source,
        statistic: 'Sum',
        period: fiveMinutes,
      }),
      above: 0,
    },
  },
  {
    name: `late-events-${source}`,
    rule: {
      runbook: 'late-events',
      what: `more than 1 % of the events of ${source} come after every window that would have counted them`,
      metric: lateShare(deployment, source),
      above: 0.01,
      periods: 3,
    },
  },
  {
    name: `item-too-large-${source}`,
    rule: {
      runbook: 'item-too-large',
      what: `an item of a view of ${source} reached its size limit and gave its windows up`,
      metric: sourceMetric(deployment, aggregateMetrics.itemsTooLarge, {
        source,
        statistic: 'Sum',
        period: fiveMinutes,
      }),
      above: 0,
    },
  },
  {
    name: `stream-throttled-${source}`,
    rule: {
      runbook: 'stream-throttled',
      what: `Kinesis refused records for ${source}: more than its shards take`,
      metric: refusedPuts(streamName),
      above: 0,
      ...sustained,
    },
  },
];
