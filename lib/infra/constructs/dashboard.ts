import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  MathExpression,
  type Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import type { ServingApi } from '#infra/constructs/serving-api.ts';
import type { Stream } from '#infra/constructs/stream.ts';
import { streamRows } from '#infra/constructs/stream-widgets.ts';
import { materializedViews } from '#infra/materialized-views.ts';
import {
  deploymentMetric,
  failedExecutions,
  failedQueries,
  systemErrors,
  throttledRequests,
  viewMetric,
} from '#infra/metrics.ts';
import { featureStatusMetric, type Metric as NamedMetric, runMetrics, serveMetrics } from '#observe/metric-names.ts';
import { viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import { featureStatuses } from '#spec/status.ts';

export interface DashboardProps {
  readonly manifest: Manifest;
  readonly stage: Stage;
  readonly api: ServingApi;
  readonly serveFunction: ServiceFunction;
  /** @default - no rows about streams */
  readonly stream?: Stream | undefined;
  readonly materializeStateMachineArn: string;
  /** @default - no stream source, nothing to backfill */
  readonly backfillStateMachineArn?: string | undefined;
  readonly trainingSetStateMachineArn: string;
  readonly onlineTableName: string;
  readonly workgroupName: string;
  readonly alarms: readonly Alarm[];
}

const fiveMinutes = Duration.minutes(5);
/** Of CloudWatch's 24 columns. */
const third = 8;

/** One page: is it up, is it quick, is it fresh, what does it cost. */
export class Dashboard extends Construct {
  private readonly props: DashboardProps;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    this.props = props;
    new CloudWatchDashboard(this, 'Resource', {
      dashboardName: `tidemark-${props.manifest.project}-${props.stage.name}`,
      defaultInterval: Duration.days(1),
      widgets: [
        this.alarmRow(),
        this.trafficRow(),
        this.servingRow(),
        ...(props.stream ? streamRows(props.stream, this.deployment) : []),
        this.runRow(),
        this.storeRow(),
      ],
    });
  }

  private alarmRow(): IWidget[] {
    return [new AlarmStatusWidget({ title: 'Alarms', alarms: [...this.props.alarms], width: 24 })];
  }

  private trafficRow(): IWidget[] {
    const { api, serveFunction } = this.props;
    const clientErrors = api.api.metricClientError({ statistic: 'sum', period: fiveMinutes, label: '4xx' });
    const serverErrors = api.metricServerErrors({ period: fiveMinutes, label: '5xx' });
    return [
      graph('Requests', third, [
        api.api.metricCount({ period: fiveMinutes, label: 'requests' }),
        clientErrors,
        serverErrors,
      ]),
      graph('API latency (ms)', third, [
        api.api.metricLatency({ statistic: 'p50', period: fiveMinutes, label: 'p50' }),
        api.api.metricLatency({ statistic: 'p99', period: fiveMinutes, label: 'p99' }),
      ]),
      graph('Serving function', third, [serveFunction.metricErrors(), serveFunction.metricThrottles()]),
    ];
  }

  private servingRow(): IWidget[] {
    const latency = (metric: NamedMetric, statistic: string): Metric =>
      this.emitted(metric, statistic, `${metric.name} ${statistic}`);
    return [
      graph('Handler and store (ms)', third, [
        latency(serveMetrics.handlerMillis, 'p50'),
        latency(serveMetrics.handlerMillis, 'p99'),
        latency(serveMetrics.storeMillis, 'p50'),
        latency(serveMetrics.storeMillis, 'p99'),
      ]),
      graph('Served, and what went wrong', third, [
        this.emitted(serveMetrics.requests, 'Sum'),
        this.emitted(serveMetrics.entities, 'Sum'),
        this.emitted(serveMetrics.partial, 'Sum'),
        this.emitted(serveMetrics.transformErrors, 'Sum'),
        this.emitted(serveMetrics.unknownLayouts, 'Sum'),
        this.emitted(serveMetrics.forbidden, 'Sum'),
        this.emitted(serveMetrics.throttled, 'Sum'),
      ]),
      new GraphWidget({
        title: 'Values by status',
        width: third,
        stacked: true,
        left: featureStatuses.map((status) => this.emitted(featureStatusMetric(status), 'Sum', status)),
      }),
    ];
  }

  private runRow(): IWidget[] {
    const { manifest, materializeStateMachineArn, backfillStateMachineArn, trainingSetStateMachineArn } = this.props;
    const byView = (metric: NamedMetric, statistic: string): Metric[] =>
      materializedViews(manifest).map(({ view }) =>
        viewMetric(this.deployment, metric, {
          view: viewId(view),
          statistic,
          period: Duration.hours(1),
          label: viewId(view),
        }),
      );
    return [
      graph('Freshness at the end of a run, and its time (s)', third, [
        ...byView(runMetrics.freshnessSeconds, 'Minimum'),
        this.emitted(runMetrics.seconds, 'Maximum'),
      ]),
      graph('Rows', third, [
        this.emitted(runMetrics.rowsWritten, 'Sum'),
        this.emitted(runMetrics.rowsOlder, 'Sum'),
        this.emitted(runMetrics.rowsFailed, 'Sum'),
        this.emitted(runMetrics.rowsRead, 'Sum'),
      ]),
      graph('Jobs', third, [
        this.emitted(runMetrics.succeeded, 'Sum'),
        this.emitted(runMetrics.failed, 'Sum'),
        failedExecutions('materialization', materializeStateMachineArn),
        failedExecutions('trainingSet', trainingSetStateMachineArn),
        ...(backfillStateMachineArn === undefined ? [] : [failedExecutions('backfill', backfillStateMachineArn)]),
      ]),
    ];
  }

  private storeRow(): IWidget[] {
    const { onlineTableName, workgroupName } = this.props;
    const terabyte = 1024 ** 4;
    return [
      graph('Online table', third, [throttledRequests(onlineTableName), systemErrors(onlineTableName)]),
      graph('Cache of services that have one: share of items found in it', third, [
        new MathExpression({
          label: 'hit rate',
          expression: 'hits / SUM([hits, misses])',
          usingMetrics: {
            hits: this.emitted(serveMetrics.cacheHits, 'Sum'),
            misses: this.emitted(serveMetrics.cacheMisses, 'Sum'),
          },
          period: fiveMinutes,
        }),
      ]),
      graph('Athena', third, [
        failedQueries(workgroupName),
        new MathExpression({
          label: 'USD scanned by runs at 5 USD a TB',
          expression: `scanned / ${terabyte} * 5`,
          usingMetrics: { scanned: this.emitted(runMetrics.bytesScanned, 'Sum') },
          period: fiveMinutes,
        }),
      ]),
    ];
  }

  private get deployment() {
    return { project: this.props.manifest.project, stage: this.props.stage.name };
  }

  private emitted(metric: NamedMetric, statistic: string, label: string = metric.name): Metric {
    return deploymentMetric(this.deployment, metric, { statistic, period: fiveMinutes, label });
  }
}

const graph = (title: string, width: number, left: IMetric[]): GraphWidget => new GraphWidget({ title, width, left });
