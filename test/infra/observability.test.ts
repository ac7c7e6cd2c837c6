import { globSync, readFileSync } from 'node:fs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, it } from 'vitest';
import { Observability } from '#infra/constructs/observability.ts';
import { Serving } from '#infra/constructs/serving.ts';
import { Storage } from '#infra/constructs/storage.ts';
import { Stream } from '#infra/constructs/stream.ts';
import {
  aggregateMetrics,
  archiveMetrics,
  compactMetrics,
  dimensions,
  metricNamespace,
  pushMetrics,
  runMetrics,
  serveMetrics,
} from '#observe/metric-names.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { StageInput } from '#spec/stage.ts';
import { manifest, manifestWithoutStreams, repositoryModule, stage, testStack } from './fixture.ts';

function observability(config: StageInput = {}, of: Manifest = manifest): Template {
  const stack = testStack();
  const dev = stage('dev', config);
  const storage = new Storage(stack, 'Storage', { manifest: of, stage: dev });
  const { onlineStore, offlineStore, apiToken, jobsTable, eventStreams } = storage;
  const deployment = { manifest: of, repositoryModule, stage: dev };
  const trainingSetsFunction = new LambdaFunction(stack, 'TrainingSetsApi', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
  });
  const { api, serveFunction } = new Serving(stack, 'Serving', {
    ...deployment,
    onlineStore,
    offlineStore,
    materializeStateMachineName: 'tidemark-rides-dev-materialize',
    apiToken,
    jobsTable,
    trainingSetsFunction,
  });
  new Observability(stack, 'Observability', {
    manifest: of,
    stage: dev,
    api,
    stream: eventStreams && new Stream(stack, 'Stream', { ...deployment, ...storage, eventStreams }),
    serveFunction,
    ...(eventStreams ? { backfillStateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:backfill' } : {}),
    materializeStateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:materialize',
    trainingSetStateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:training-set',
    onlineTableName: onlineStore.table.tableName,
    workgroupName: 'tidemark-rides-dev',
  });
  return Template.fromStack(stack);
}

const template = observability();
const deployment = { project: 'rides', stage: 'dev' };
const perSource = [
  'aggregate-behind',
  'aggregate-blocked',
  'archive-behind',
  'archive-blocked',
  'item-too-large',
  'late-events',
  'quarantine',
  'stream-throttled',
];
const dimensionsOf = (set: Readonly<Record<string, string>>) =>
  Match.arrayEquals(
    Object.entries(set)
      .sort(([a], [b]) => (a < b ? -1 : 1)) // as the CDK writes them
      .map(([Name, Value]) => ({ Name, Value })),
  );
const hasAlarm = (name: string, properties: Record<string, unknown>): void =>
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmName: `tidemark-rides-dev-${name}`,
    ComparisonOperator: 'GreaterThanThreshold',
    ...properties,
  });

describe('alarms', () => {
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
  const headings = new Set(
    readFileSync('docs/runbook.md', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('## '))
      .map((line) => line.slice(3)),
  );

  it('are these', () => {
    expect(alarms.map(({ AlarmName }) => AlarmName.replace('tidemark-rides-dev-', '')).sort()).toEqual(
      [
        'api-5xx',
        ...perSource.map((name) => `${name}-positions`),
        ...perSource.map((name) => `${name}-ride_events`),
        'backfill-failed',
        'caller-limit',
        'compaction-failed',
        'freshness-driver_stats-v1',
        'freshness-last_trip-v1',
        'materialization-failed',
        'online-table-errors',
        'online-table-throttles',
        'query-failed',
        'rows-lost',
        'serve-errors',
        'serve-latency',
        'serve-throttles',
        'store-latency',
        'training-set-failed',
      ].sort(),
    );
  });

  it('watch no streams where there are none', () => {
    const names = Object.values(observability({}, manifestWithoutStreams).findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties.AlarmName,
    );
    expect(names).toContain('tidemark-rides-dev-rows-lost');
    expect(names.filter((name) => /backfill|compaction|-(positions|ride_events)$/.test(name))).toEqual([]);
  });

  it('each lead to a heading of the runbook', () => {
    const entries = alarms.map(({ AlarmDescription }) => /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription)?.[1]);
    expect(entries.filter((entry) => entry === undefined || !headings.has(entry))).toEqual([]);
  });

  it('lead to entries that name error codes which exist', () => {
    const named = [...readFileSync('docs/runbook.md', 'utf8').matchAll(/`([a-z]+\.[a-z]+[A-Z][A-Za-z]*)`/g)].map(
      ([, code]) => code,
    );
    const source = globSync(['lib/**/*.ts', 'lambdas/**/*.ts'])
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
  });

  it('each tell the topic when they begin and when they end', () => {
    for (const { AlarmActions, OKActions } of alarms) {
      expect(JSON.stringify(AlarmActions)).toContain('ObservabilityTopic');
      expect(OKActions).toEqual(AlarmActions);
    }
  });

  it('watch the share of 5xx answers', () => {
    hasAlarm('api-5xx', { MetricName: '5XXError', Statistic: 'Average', Threshold: 0.01, DatapointsToAlarm: 3 });
  });

  it('watch the p99 of the handler and of the store, the latter under the dimensions that it is emitted with', () => {
    hasAlarm('serve-latency', { MetricName: 'Duration', ExtendedStatistic: 'p99', Threshold: 25 });
    hasAlarm('store-latency', {
      Namespace: metricNamespace,
      MetricName: serveMetrics.storeMillis.name,
      Dimensions: dimensionsOf(dimensions.deployment(deployment)),
      ExtendedStatistic: 'p99',
      Threshold: 10,
    });
  });

  it('take a failed, an aborted and a timed out run alike', () => {
    const of = (MetricName: string) =>
      Match.objectLike({
        MetricStat: Match.objectLike({ Metric: Match.objectLike({ MetricName }) }),
        ReturnData: false,
      });
    hasAlarm('materialization-failed', {
      Threshold: 0,
      Metrics: [
        Match.objectLike({ Expression: 'SUM([materialization0, materialization1, materialization2])' }),
        of('ExecutionsFailed'),
        of('ExecutionsAborted'),
        of('ExecutionsTimedOut'),
      ],
    });
  });

  it('take any row that was read and not accounted for', () => {
    hasAlarm('rows-lost', { MetricName: runMetrics.rowsFailed.name, Statistic: 'Sum', Threshold: 0 });
  });

  it('take a view that nobody ran for a stale one', () => {
    hasAlarm('freshness-driver_stats-v1', {
      MetricName: runMetrics.freshnessSeconds.name,
      Dimensions: dimensionsOf(dimensions.view(deployment, 'driver_stats@1')),
      Threshold: 8400,
      Period: 3600,
      EvaluationPeriods: 4,
      TreatMissingData: 'breaching',
    });
  });

  it('watch how far both consumers of a stream are behind, the archive allowing for its own window', () => {
    hasAlarm('aggregate-behind-positions', {
      MetricName: 'IteratorAge',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('positionsAggregate') } }],
      Statistic: 'Maximum',
      Threshold: 60_000,
      DatapointsToAlarm: 3,
    });
    hasAlarm('archive-behind-positions', {
      MetricName: 'IteratorAge',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('positionsArchive') } }],
      Threshold: 960_000,
    });
  });

  it('take a shard for blocked when for five minutes every minute had a batch handed back or a crash', () => {
    hasAlarm('aggregate-blocked-ride_events', {
      Threshold: 0,
      EvaluationPeriods: 5,
      DatapointsToAlarm: 5,
      Metrics: [
        Match.objectLike({ Expression: 'SUM([blocked0, blocked1])' }),
        Match.objectLike({ MetricStat: Match.objectLike({ Metric: Match.objectLike({ MetricName: 'Errors' }) }) }),
        Match.objectLike({
          MetricStat: Match.objectLike({
            Metric: {
              Namespace: metricNamespace,
              MetricName: aggregateMetrics.handedBack.name,
              Dimensions: dimensionsOf(dimensions.source(deployment, 'ride_events')),
            },
            Period: 60,
            Stat: 'Sum',
          }),
        }),
      ],
    });
  });

  it('take every record that was put aside, and every item that gave its windows up', () => {
    for (const [name, metric] of [
      ['quarantine-ride_events', archiveMetrics.eventsQuarantined],
      ['item-too-large-ride_events', aggregateMetrics.itemsTooLarge],
    ] as const)
      hasAlarm(name, {
        MetricName: metric.name,
        Dimensions: dimensionsOf(dimensions.source(deployment, 'ride_events')),
        Statistic: 'Sum',
        Threshold: 0,
      });
  });

  it('take late events by their share', () => {
    hasAlarm('late-events-ride_events', {
      Threshold: 0.01,
      EvaluationPeriods: 3,
      Metrics: Match.arrayWith([Match.objectLike({ Expression: 'late / SUM([late, applied])' })]),
    });
  });

  it('watch the puts that a stream refuses', () => {
    hasAlarm('stream-throttled-positions', {
      Namespace: 'AWS/Kinesis',
      MetricName: 'WriteProvisionedThroughputExceeded',
      Dimensions: [{ Name: 'StreamName', Value: 'tidemark-rides-dev-positions' }],
    });
  });

  it('count failed statements of the workgroup by their samples', () => {
    hasAlarm('query-failed', {
      Namespace: 'AWS/Athena',
      Statistic: 'SampleCount',
      Dimensions: Match.arrayWith([{ Name: 'QueryState', Value: 'FAILED' }]),
    });
  });
});

describe('topic of alarms', () => {
  it('is encrypted, and CloudWatch may publish to it', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'sns:Publish', Principal: { Service: 'cloudwatch.amazonaws.com' } }),
        ]),
      },
    });
  });

  it('mails to the address of the stage, where it has one', () => {
    template.resourceCountIs('AWS::SNS::Subscription', 0);
    observability({ alarmEmail: 'on-call@example.com' }).hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'on-call@example.com',
    });
  });
});

describe('dashboard', () => {
  it('is one, named after the deployment', () => {
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    template.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'tidemark-rides-dev' });
  });

  it('shows every metric that serving, runs and streams emit', () => {
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboard?.Properties.DashboardBody);
    const tables = [serveMetrics, runMetrics, aggregateMetrics, archiveMetrics, compactMetrics, pushMetrics];
    const names = tables.flatMap((table) => Object.values(table).map(({ name }) => name));
    expect(names.length).toBeGreaterThan(30);
    // Quotes come escaped in the body's text, and a name may begin another's.
    expect(names.filter((name) => !body.includes(`\\"${name}\\"`))).toEqual([]);
  });
});
