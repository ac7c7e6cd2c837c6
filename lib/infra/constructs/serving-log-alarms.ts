import { Duration } from 'aws-cdk-lib';
import type { Stage } from '#infra/config.ts';
import type { AlarmRule } from '#infra/constructs/alarm-rule.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import { deploymentMetric, iteratorAge } from '#infra/metrics.ts';
import { type Deployment, servingLogMetrics } from '#observe/metric-names.ts';

/** How far the log may be behind, besides the time that a batch is collected. */
const behindMillis = 15 * 60_000;

/** What is watched of the serving log: that rows get into its stream, and out of it. */
export const servingLogRules = (archive: ServiceFunction, deployment: Deployment, stage: Stage): AlarmRule[] => [
  {
    runbook: 'serving-log-dropped',
    what: 'answers that were to be logged are not: the serving function could not hand them over',
    metric: deploymentMetric(deployment, servingLogMetrics.dropped, { statistic: 'Sum', period: Duration.minutes(5) }),
    above: 0,
  },
  {
    runbook: 'serving-log-behind',
    what: `rows of the serving log wait for more than ${behindMillis / 60_000} min before they are in the bucket`,
    metric: iteratorAge(archive),
    above: behindMillis + stage.archiveWindowSeconds * 1000,
    periods: 5,
    breaching: 3,
  },
];
