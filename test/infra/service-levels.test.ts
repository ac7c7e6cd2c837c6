import { readFileSync } from 'node:fs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { FeatureStoreStacks } from '#infra/stacks/feature-store-stacks.ts';
import { dimensions, featureStatusMetric, metricNamespace, serveMetrics } from '#observe/metric-names.ts';
import { type StageInput, stageConfigSchema } from '#spec/stage.ts';
import { manifestWithoutStreams as manifest, repositoryModule, stage, testApp } from './fixture.ts';

const templateOf = (config: StageInput): Template => {
  const { stacks } = new FeatureStoreStacks(testApp(), 'rides', {
    manifest,
    repositoryModule,
    stage: stage('dev', config),
  });
  return Template.fromStack(stacks.observability);
};
const template = templateOf({ objectives: { completeness: 0.98, httpsMillis: 80, storeMillis: 12 } });
const levels = [
  'availability',
  'store-latency',
  'handler-latency',
  'https-latency',
  'freshness',
  'completeness',
] as const;

const composites = Object.values(template.findResources('AWS::CloudWatch::CompositeAlarm')).map(
  ({ Properties }) => Properties,
);
const windows = Object.fromEntries(
  Object.entries(template.findResources('AWS::CloudWatch::Alarm'))
    .filter(([, { Properties }]) => Properties.AlarmName.includes('-slo-'))
    .map(([id, { Properties }]) => [
      Properties.AlarmName.replace('tidemark-rides-dev-slo-', ''),
      { id, ...Properties },
    ]),
);
/** The metrics of an alarm by the statistic and period that they are asked for with. */
const metricsOf = (name: string) =>
  windows[name].Metrics.flatMap(({ MetricStat }: { MetricStat?: { Metric: object; Stat: string; Period: number } }) =>
    MetricStat ? [{ ...MetricStat.Metric, Stat: MetricStat.Stat, Period: MetricStat.Period }] : [],
  );
const emitted = (MetricName: string, Stat: string, Period: number) => ({
  Namespace: metricNamespace,
  MetricName,
  Dimensions: Object.entries(dimensions.deployment({ project: 'rides', stage: 'dev' })).map(([Name, Value]) => ({
    Name,
    Value,
  })),
  Stat,
  Period,
});

describe('alarms of service levels', () => {
  it('are a fast and a slow one for each level, over a long window and a short one that must both burn', () => {
    const expected = levels.flatMap((level) => ['fast', 'slow'].map((rate) => `slo-${level}-${rate}`));
    expect(composites.map(({ AlarmName }) => AlarmName.replace('tidemark-rides-dev-', '')).sort()).toEqual(
      [...expected].sort(),
    );
    for (const { AlarmName, AlarmRule } of composites) {
      const name = AlarmName.replace('tidemark-rides-dev-slo-', '');
      const arn = (which: string) => ({ 'Fn::GetAtt': [windows[`${name}-${which}`].id, 'Arn'] });
      expect(AlarmRule).toEqual({
        'Fn::Join': ['', ['(ALARM("', arn('long'), '") AND ALARM("', arn('short'), '"))']],
      });
    }
  });

  it('each have a heading in the runbook, and only the pair tells the topic', () => {
    const runbook = readFileSync('docs/runbook.md', 'utf8');
    expect(composites).toHaveLength(12);
    for (const { AlarmDescription, AlarmActions, OKActions } of composites) {
      const anchor = /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription)?.[1];
      expect(runbook).toContain(`\n## ${anchor}\n`);
      expect(AlarmActions).toHaveLength(1);
      expect(OKActions).toEqual(AlarmActions);
    }
    expect(Object.values(windows)).toHaveLength(24);
    for (const window of Object.values(windows)) expect(window).not.toHaveProperty('AlarmActions');
  });

  it.each([
    // 14.4 and 6 times a budget of 0.1 %, 1 % and 2 %
    ['availability-fast-long', 0.0144, 3600],
    ['availability-fast-short', 0.0144, 300],
    ['availability-slow-long', 0.006, 21_600],
    ['availability-slow-short', 0.006, 1800],
    ['store-latency-fast-long', 0.144, 3600],
    ['handler-latency-slow-short', 0.06, 1800],
    ['freshness-fast-short', 0.144, 300],
    ['completeness-fast-long', 0.288, 3600],
    ['completeness-slow-long', 0.12, 21_600],
  ])('%s begins above %f over %i s', (name, Threshold, period) => {
    const { Metrics = [], Period, ...alarm } = windows[name];
    expect(alarm).toMatchObject({
      Threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
    const periods = Metrics.flatMap(({ MetricStat }: { MetricStat?: { Period: number } }) => MetricStat?.Period ?? []);
    expect(new Set([...periods, ...(Period === undefined ? [] : [Period])])).toEqual(new Set([period]));
  });

  it('leave no alarm about minutes with another limit', () => {
    for (const [name, Threshold] of [
      ['store-latency', 12],
      ['serve-latency', 25],
    ] as const)
      template.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: `tidemark-rides-dev-${name}`,
        AlarmDescription: Match.stringLikeRegexp(` ${Threshold} ms`),
        ExtendedStatistic: 'p99',
        Threshold,
      });
  });

  it('say nothing of a long window of fewer than 100 requests', () => {
    const [returned] = windows['store-latency-fast-long'].Metrics;
    expect(returned).toMatchObject({ Expression: 'IF(requests >= 100, bad, 0)' });
    expect(metricsOf('store-latency-fast-long')).toContainEqual(emitted(serveMetrics.requests.name, 'Sum', 3600));
  });
});

describe('service levels', () => {
  it('take the share of 5xx answers of all routes', () => {
    expect(windows['availability-fast-short']).toMatchObject({ MetricName: '5XXError', Statistic: 'Average' });
  });

  it('take what is slower than 25 ms in the handler, and at the store and API Gateway than what the stage says', () => {
    expect(metricsOf('store-latency-fast-short')).toEqual([emitted(serveMetrics.storeMillis.name, 'PR(:12)', 300)]);
    expect(metricsOf('handler-latency-fast-short')).toEqual([emitted(serveMetrics.handlerMillis.name, 'PR(:25)', 300)]);
    expect(metricsOf('https-latency-fast-short')).toMatchObject([
      {
        Namespace: 'AWS/ApiGateway',
        MetricName: 'Latency',
        Dimensions: [
          { Name: 'ApiName', Value: 'tidemark-rides-dev' },
          { Name: 'Method', Value: 'POST' },
          { Name: 'Resource', Value: '/v1/online-features' },
          { Name: 'Stage', Value: 'api' },
        ],
        Stat: 'PR(:80)',
      },
    ]);
    expect(windows['https-latency-fast-short'].Metrics[0]).toMatchObject({ Expression: '1 - within / 100' });
  });

  it('take expired values among stored ones, and values that are not there among all but masked ones', () => {
    const status = (name: string) => emitted(featureStatusMetric(name).name, 'Sum', 300);
    expect(windows['freshness-fast-short'].Metrics[0].Expression).toBe('SUM([expired]) / SUM([expired, present])');
    expect(metricsOf('freshness-fast-short')).toEqual([status('EXPIRED'), status('PRESENT')]);
    expect(windows['completeness-fast-short'].Metrics[0].Expression).toBe(
      'SUM([missing, error, fallback]) / SUM([missing, error, fallback, present, default, expired])',
    );
    expect(metricsOf('completeness-fast-short')).toEqual(
      ['MISSING', 'ERROR', 'FALLBACK', 'PRESENT', 'DEFAULT', 'EXPIRED'].map(status),
    );
  });

  it('have a dashboard of what is left of each budget, and how fast it burns', () => {
    const [dashboard] = Object.values(
      template.findResources('AWS::CloudWatch::Dashboard', { Properties: { DashboardName: 'tidemark-rides-dev-slo' } }),
    );
    const body = JSON.stringify(dashboard?.Properties.DashboardBody);
    for (const level of levels) {
      expect(body).toMatch(new RegExp(`"${level} [0-9.]+ %: budget left`.replaceAll('"', '\\\\*"')));
      expect(body).toContain(`${level}: times its budget`);
    }
    expect(body).toContain('14.4');
  });

  it('are not watched where a stage declares no objectives', () => {
    const without = templateOf({});
    without.resourceCountIs('AWS::CloudWatch::CompositeAlarm', 0);
    without.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });

  it('refuse an objective that no alarm could hold', () => {
    for (const availability of [0.9, 1])
      expect(stageConfigSchema.safeParse({ objectives: { availability } }).success).toBe(false);
  });
});
