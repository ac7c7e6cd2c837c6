import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IAlarmAction, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Stage } from '#infra/config.ts';
import type { AlarmRule } from '#infra/constructs/alarm-rule.ts';
import type { ServiceFunction } from '#infra/constructs/service-function.ts';
import type { ServingApi } from '#infra/constructs/serving-api.ts';
import { servingLogRules } from '#infra/constructs/serving-log-alarms.ts';
import type { Stream } from '#infra/constructs/stream.ts';
import { streamRules } from '#infra/constructs/stream-alarms.ts';
import { freshnessLimits } from '#infra/freshness-limits.ts';
import {
  deploymentMetric,
  failedExecutions,
  failedQueries,
  systemErrors,
  throttledRequests,
  viewMetric,
} from '#infra/metrics.ts';
import { runMetrics, serveMetrics } from '#observe/metric-names.ts';
import { viewId } from '#spec/find.ts';
import type { Manifest } from '#spec/manifest.ts';
import { objectivesSchema } from '#spec/objectives.ts';

export interface AlarmsProps {
  readonly manifest: Manifest;
  readonly stage: Stage;
  readonly api: ServingApi;
  readonly serveFunction: ServiceFunction;
  /** @default - no serving log */
  readonly archiveLogFunction?: ServiceFunction | undefined;
  /** @default - no stream source, nothing to watch */
  readonly stream?: Stream | undefined;
  readonly materializeStateMachineArn: string;
  /** @default - no stream source, nothing to backfill */
  readonly backfillStateMachineArn?: string | undefined;
  readonly trainingSetStateMachineArn: string;
  readonly onlineTableName: string;
  readonly workgroupName: string;
  readonly action: IAlarmAction;
}

const oneMinute = Duration.minutes(1);
/** For 3 of 5 minutes: a single slow minute is a deployment, not an incident. */
const sustained = { periods: 5, breaching: 3 };

/** Every alarm of a deployment, each with an entry in docs/runbook.md. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];
  private readonly prefix: string;
  private readonly action: IAlarmAction;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.prefix = `tidemark-${props.manifest.project}-${props.stage.name}`;
    this.action = props.action;
    this.alarms = [
      ...this.serving(props),
      ...this.servingLog(props),
      ...this.streams(props),
      ...this.jobs(props),
      ...this.stores(props),
      ...this.freshness(props),
    ];
  }

  private serving({ manifest, stage, api, serveFunction }: AlarmsProps): Alarm[] {
    const deployment = { project: manifest.project, stage: stage.name };
    const { handlerMillis, storeMillis } = stage.objectives ?? objectivesSchema.parse({});
    return [
      this.alarm({
        runbook: 'api-5xx',
        what: 'more than 1 % of requests are answered with 5xx',
        // The average of a metric that is 1 for a failed request and 0 for others is their share.
        metric: api.metricServerErrors({ statistic: 'Average', period: oneMinute }),
        above: 0.01,
        ...sustained,
      }),
      this.alarm({
        runbook: 'serve-latency',
        what: `the p99 of the serving handler is above ${handlerMillis} ms`,
        metric: serveFunction.metricDuration({ period: oneMinute }),
        above: handlerMillis,
        ...sustained,
      }),
      this.alarm({
        runbook: 'store-latency',
        what: `the p99 of reading the online store is above ${storeMillis} ms`,
        metric: deploymentMetric(deployment, serveMetrics.storeMillis, { statistic: 'p99', period: oneMinute }),
        above: storeMillis,
        ...sustained,
      }),
      this.alarm({
        runbook: 'serve-errors',
        what: 'the serving function crashed, timed out or could not start',
        metric: serveFunction.metricErrors(),
        above: 0,
      }),
      this.alarm({
        runbook: 'serve-throttles',
        what: 'requests were refused for want of Lambda concurrency',
        metric: serveFunction.metricThrottles(),
        above: 0,
      }),
      this.alarm({
        runbook: 'caller-limit',
        what: 'a caller reads more than its limit allows, for 3 of 5 minutes',
        metric: deploymentMetric(deployment, serveMetrics.throttled, { statistic: 'Sum', period: oneMinute }),
        above: 0,
        ...sustained,
      }),
    ];
  }

  private servingLog({ manifest, stage, archiveLogFunction }: AlarmsProps): Alarm[] {
    if (!archiveLogFunction) return [];
    const deployment = { project: manifest.project, stage: stage.name };
    return servingLogRules(archiveLogFunction, deployment, stage).map((rule) => this.alarm(rule));
  }

  private streams({ manifest, stage, stream }: AlarmsProps): Alarm[] {
    if (!stream) return [];
    const deployment = { project: manifest.project, stage: stage.name };
    return streamRules(stream, deployment, stage).map(({ name, rule }) => this.alarm(rule, name));
  }

  private jobs(props: AlarmsProps): Alarm[] {
    const deployment = { project: props.manifest.project, stage: props.stage.name };
    return [
      this.alarm({
        runbook: 'materialization-failed',
        what: 'a materialization run failed, was aborted or timed out',
        metric: failedExecutions('materialization', props.materializeStateMachineArn),
        above: 0,
      }),
      ...(props.backfillStateMachineArn === undefined
        ? []
        : [
            this.alarm({
              runbook: 'backfill-failed',
              what: 'the backfill of a view over a stream failed, was aborted or timed out',
              metric: failedExecutions('backfill', props.backfillStateMachineArn),
              above: 0,
            }),
          ]),
      this.alarm({
        runbook: 'rows-lost',
        what: 'rows that a run had read were neither written nor found older',
        metric: deploymentMetric(deployment, runMetrics.rowsFailed, { statistic: 'Sum', period: Duration.minutes(5) }),
        above: 0,
      }),
      this.alarm({
        runbook: 'training-set-failed',
        what: 'a training set failed, was aborted or timed out',
        metric: failedExecutions('trainingSet', props.trainingSetStateMachineArn),
        above: 0,
      }),
      this.alarm({
        runbook: 'query-failed',
        what: 'an Athena statement of the workgroup failed',
        metric: failedQueries(props.workgroupName),
        above: 0,
      }),
    ];
  }

  private stores({ onlineTableName }: AlarmsProps): Alarm[] {
    return [
      this.alarm({
        runbook: 'online-table-throttles',
        what: 'DynamoDB throttled reads or writes of the online table',
        metric: throttledRequests(onlineTableName),
        above: 0,
        ...sustained,
      }),
      this.alarm({
        runbook: 'online-table-errors',
        what: 'DynamoDB answered requests to the online table with internal errors',
        metric: systemErrors(onlineTableName),
        above: 0,
        ...sustained,
      }),
    ];
  }

  /** One alarm per scheduled view: its runs are late, or make nothing new visible. */
  private freshness({ manifest, stage }: AlarmsProps): Alarm[] {
    return freshnessLimits(manifest).map(({ view, maxAgeSeconds, silentHours }) =>
      this.alarm(
        {
          runbook: 'freshness',
          what: `${viewId(view)} has had no run for ${silentHours} h that brought it within ${maxAgeSeconds} s of now`,
          metric: viewMetric({ project: manifest.project, stage: stage.name }, runMetrics.freshnessSeconds, {
            view: viewId(view),
            statistic: 'Minimum',
            period: Duration.hours(1),
          }),
          above: maxAgeSeconds,
          periods: silentHours,
          missing: TreatMissingData.BREACHING,
        },
        `freshness-${view.name}-v${view.version}`,
      ),
    );
  }

  private alarm(rule: AlarmRule, name: string = rule.runbook): Alarm {
    const evaluationPeriods = rule.periods ?? 1;
    const alarm = new Alarm(this, name, {
      alarmName: `${this.prefix}-${name}`,
      alarmDescription: `${rule.what}. What to do: docs/runbook.md#${rule.runbook}`,
      metric: rule.metric,
      threshold: rule.above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods,
      datapointsToAlarm: rule.breaching ?? evaluationPeriods,
      treatMissingData: rule.missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(this.action);
    alarm.addOkAction(this.action);
    return alarm;
  }
}
