import type { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { apiStageName, type ServingApi } from '#infra/constructs/serving-api.ts';
import { deploymentMetric } from '#infra/metrics.ts';
import {
  type Deployment,
  featureStatusMetric,
  type Metric as NamedMetric,
  serveMetrics,
} from '#observe/metric-names.ts';
import type { Objectives } from '#spec/objectives.ts';
import type { FeatureStatus } from '#spec/status.ts';

/** A share that a stage promises, and how it is measured. */
export interface ServiceLevel {
  readonly name: 'availability' | 'store-latency' | 'handler-latency' | 'https-latency' | 'freshness' | 'completeness';
  /** What is bad: "requests were answered with 5xx". */
  readonly bad: string;
  /** Share that is to be good, between 0 and 1; 1 minus it is the budget of errors. */
  readonly objective: number;
  /** Share of the bad over a period, 0 to 1; no sample without traffic. */
  readonly badShare: (period: Duration) => IMetric;
  /** Requests over a period. */
  readonly requests: (period: Duration) => IMetric;
}

/** Of each latency 99 % are to be within its limit. */
const withinLimit = 0.99;

/** The service levels of a deployment: availability, the ladder of latencies from the store to the caller, and what is in the answers. */
export function serviceLevels(objectives: Objectives, deployment: Deployment, api: ServingApi): ServiceLevel[] {
  const sum = (metric: NamedMetric, period: Duration): Metric =>
    deploymentMetric(deployment, metric, { statistic: 'Sum', period });
  const handled = (period: Duration): IMetric => sum(serveMetrics.requests, period);
  const served = (statuses: Statuses) => (period: Duration) =>
    shareOf(statuses, period, (status) => sum(featureStatusMetric(status), period));
  return [
    {
      name: 'availability',
      bad: 'requests were answered with 5xx',
      objective: objectives.availability,
      // The average of a metric that is 1 for a failed request and 0 for others is their share.
      badShare: (period) => api.metricServerErrors({ statistic: 'Average', period }),
      requests: (period) => api.api.metricCount({ statistic: 'SampleCount', period }),
    },
    {
      name: 'store-latency',
      bad: `reads of the online store took longer than ${objectives.storeMillis} ms`,
      objective: withinLimit,
      badShare: slowerThan(objectives.storeMillis, (options) =>
        deploymentMetric(deployment, serveMetrics.storeMillis, options),
      ),
      requests: handled,
    },
    {
      name: 'handler-latency',
      bad: `requests took the serving handler longer than ${objectives.handlerMillis} ms`,
      objective: withinLimit,
      badShare: slowerThan(objectives.handlerMillis, (options) =>
        deploymentMetric(deployment, serveMetrics.handlerMillis, options),
      ),
      requests: handled,
    },
    {
      name: 'https-latency',
      bad: `requests of online features took longer than ${objectives.httpsMillis} ms at API Gateway`,
      objective: withinLimit,
      badShare: slowerThan(objectives.httpsMillis, (options) => onlineFeaturesLatency(api, options)),
      requests: handled,
    },
    {
      name: 'freshness',
      bad: 'stored values were beyond their ttl',
      objective: objectives.freshness,
      badShare: served({ bad: ['EXPIRED'], good: ['PRESENT'] }),
      requests: handled,
    },
    {
      name: 'completeness',
      bad: 'values were missing, in error, or a fallback',
      objective: objectives.completeness,
      badShare: served({ bad: ['MISSING', 'ERROR', 'FALLBACK'], good: ['PRESENT', 'DEFAULT', 'EXPIRED'] }),
      requests: handled,
    },
  ];
}

interface Sampling {
  readonly statistic: string;
  readonly period: Duration;
}

/** Latency of the route that is promised: pushes and training sets take as long as they must. */
const onlineFeaturesLatency = ({ api }: ServingApi, options: Sampling): Metric =>
  new Metric({
    ...options,
    namespace: 'AWS/ApiGateway',
    metricName: 'Latency',
    dimensionsMap: { ApiName: api.restApiName, Stage: apiStageName, Resource: '/v1/online-features', Method: 'POST' },
  });

/** Share of the samples above a limit: what the percentile rank of the limit, in percent, leaves. */
const slowerThan =
  (limitMillis: number, metric: (options: Sampling) => Metric) =>
  (period: Duration): MathExpression =>
    new MathExpression({
      label: `slower than ${limitMillis} ms`,
      expression: '1 - within / 100',
      usingMetrics: { within: metric({ statistic: Stats.percentileRank(limitMillis), period }) },
      period,
    });

interface Statuses {
  readonly bad: readonly FeatureStatus[];
  readonly good: readonly FeatureStatus[];
}

function shareOf({ bad, good }: Statuses, period: Duration, metric: (status: FeatureStatus) => Metric): MathExpression {
  // Ids begin with a small letter. SUM of a list skips the statuses that have no sample; `a + b` would have none then.
  const ids = (statuses: readonly FeatureStatus[]): string => statuses.map((status) => status.toLowerCase()).join(', ');
  const all = [...bad, ...good];
  return new MathExpression({
    label: bad.join(', '),
    expression: `SUM([${ids(bad)}]) / SUM([${ids(all)}])`,
    usingMetrics: Object.fromEntries(all.map((status) => [status.toLowerCase(), metric(status)])),
    period,
  });
}
