import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import {
  aggregateMetrics,
  type Deployment,
  dimensions,
  metricNamespace,
  type Metric as NamedMetric,
} from '#observe/metric-names.ts';

const oneMinute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);

/** A metric that Tidemark's functions emit, over the whole deployment. */
export const deploymentMetric = (deployment: Deployment, { name }: NamedMetric, options: MetricOptions): Metric =>
  new Metric({
    ...options,
    namespace: metricNamespace,
    metricName: name,
    dimensionsMap: dimensions.deployment(deployment),
  });

/** A metric of the runs of one view (`name@version`). */
export const viewMetric = (
  deployment: Deployment,
  { name }: NamedMetric,
  { view, ...options }: MetricOptions & { readonly view: string },
): Metric =>
  new Metric({
    ...options,
    namespace: metricNamespace,
    metricName: name,
    dimensionsMap: dimensions.view(deployment, view),
  });

/** A metric of the consumers of one stream source, or of what is pushed to it. */
export const sourceMetric = (
  deployment: Deployment,
  { name }: NamedMetric,
  { source, ...options }: MetricOptions & { readonly source: string },
): Metric =>
  new Metric({
    ...options,
    namespace: metricNamespace,
    metricName: name,
    dimensionsMap: dimensions.source(deployment, source),
  });

/** Sum of metrics as one series. `name` is its label and begins the ids of its parts, which are unique within a graph. */
const sumOf = (name: string, metrics: readonly Metric[]): MathExpression =>
  new MathExpression({
    label: name,
    // SUM of a list skips the series that have no sample; `a + b` would have none then.
    expression: `SUM([${metrics.map((_, index) => `${name}${index}`).join(', ')}])`,
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`${name}${index}`, metric])),
    period: metrics[0]?.period ?? fiveMinutes,
  });

/** Executions of a state machine that did not succeed; `job` is a lowerCamel label. */
export const failedExecutions = (
  job: 'backfill' | 'materialization' | 'trainingSet',
  stateMachineArn: string,
): MathExpression =>
  sumOf(
    job,
    ['ExecutionsFailed', 'ExecutionsAborted', 'ExecutionsTimedOut'].map(
      (metricName) =>
        new Metric({
          namespace: 'AWS/States',
          metricName,
          dimensionsMap: { StateMachineArn: stateMachineArn },
          statistic: 'Sum',
          period: fiveMinutes,
        }),
    ),
  );

/** SELECT, UNLOAD and CTAS statements of a workgroup that failed: one sample of their run time for each. */
export const failedQueries = (workgroupName: string): Metric =>
  new Metric({
    namespace: 'AWS/Athena',
    metricName: 'TotalExecutionTime',
    dimensionsMap: { WorkGroup: workgroupName, QueryState: 'FAILED', QueryType: 'DML' },
    statistic: 'SampleCount',
    period: fiveMinutes,
  });

/** Milliseconds that the last record of the oldest batch had waited in its shard; the greatest over the shards. */
export const iteratorAge = ({ function: { functionName } }: ServiceFunction): Metric =>
  new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'IteratorAge',
    dimensionsMap: { FunctionName: functionName },
    statistic: 'Maximum',
    period: oneMinute,
  });

/** Batches that must be tried again: those that a consumer handed back (in part), and those that ended it. */
export const blockedBatches = (consumer: ServiceFunction, handedBack: Metric): MathExpression =>
  sumOf('blocked', [
    consumer.metricErrors({ statistic: 'Sum', period: oneMinute }),
    handedBack.with({ statistic: 'Sum', period: oneMinute }),
  ]);

/** Share of a source's accepted events that no window needs any more. */
export const lateShare = (deployment: Deployment, source: string): MathExpression => {
  const options = { source, statistic: 'Sum', period: fiveMinutes };
  return new MathExpression({
    label: 'late',
    expression: 'late / SUM([late, applied])',
    usingMetrics: {
      late: sourceMetric(deployment, aggregateMetrics.eventsLate, options),
      applied: sourceMetric(deployment, aggregateMetrics.eventsApplied, options),
    },
    period: fiveMinutes,
  });
};

/** Records that Kinesis refused for want of shards. */
export const refusedPuts = (streamName: string): Metric =>
  new Metric({
    namespace: 'AWS/Kinesis',
    metricName: 'WriteProvisionedThroughputExceeded',
    dimensionsMap: { StreamName: streamName },
    statistic: 'Sum',
    period: oneMinute,
  });

const tableMetric = (metricName: string, dimensionsMap: Record<string, string>): Metric =>
  new Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    dimensionsMap,
    statistic: 'Sum',
    period: oneMinute,
  });

/** Reads and writes that DynamoDB refused for want of capacity (a hot key, or a table that grows faster than it can double). */
export const throttledRequests = (tableName: string): MathExpression =>
  sumOf(
    'throttled',
    ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) => tableMetric(name, { TableName: tableName })),
  );

/** Requests that DynamoDB failed (HTTP 500), over the operations that Tidemark uses. */
export const systemErrors = (tableName: string): MathExpression =>
  sumOf(
    'systemErrors',
    ['BatchGetItem', 'GetItem', 'PutItem', 'Query', 'TransactWriteItems'].map((operation) =>
      tableMetric('SystemErrors', { TableName: tableName, Operation: operation }),
    ),
  );
