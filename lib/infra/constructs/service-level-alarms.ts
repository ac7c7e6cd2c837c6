import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { ServiceLevel } from '#infra/service-levels.ts';

/**
 * When a budget of errors burns too fast: so many times as fast as one that lasts for 30 days, over a long window, so that it is worth a call, and over a
 * short one, so that the alarm ends soon after the trouble does. 14.4 for an hour are 2 % of the budget, 6 for six hours 5 %.
 */
export const burnRates = [
  { name: 'fast', factor: 14.4, long: Duration.hours(1), short: Duration.minutes(5) },
  { name: 'slow', factor: 6, long: Duration.hours(6), short: Duration.minutes(30) },
] as const;

/** Over the long window fewer requests than these tell nothing: of ten, one failure would be a hundred times the budget of 99.9 %. */
const leastRequests = 100;

export interface ServiceLevelAlarmsProps {
  /** `tidemark-<project>-<stage>`. */
  readonly prefix: string;
  readonly levels: readonly ServiceLevel[];
  readonly action: IAlarmAction;
}

/** Two alarms for each service level, fast and slow, each of two windows that must both burn; the windows' own alarms tell nobody. */
export class ServiceLevelAlarms extends Construct {
  readonly alarms: readonly IAlarm[];

  constructor(scope: Construct, id: string, { prefix, levels, action }: ServiceLevelAlarmsProps) {
    super(scope, id);
    this.alarms = levels.flatMap((level) =>
      burnRates.map((rate) => {
        const name = `slo-${level.name}-${rate.name}`;
        const above = rate.factor * (1 - level.objective);
        const window = (which: 'long' | 'short', metric: IMetric): Alarm =>
          new Alarm(this, `${name}-${which}`, {
            alarmName: `${prefix}-${name}-${which}`,
            alarmDescription: `Window of ${prefix}-${name}, ${rate[which].toHumanString()}. What to do: docs/runbook.md#slo-${level.name}`,
            metric,
            threshold: rounded(above),
            comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluationPeriods: 1,
            treatMissingData: TreatMissingData.NOT_BREACHING,
          });
        const alarm = new CompositeAlarm(this, name, {
          compositeAlarmName: `${prefix}-${name}`,
          alarmDescription: `More than ${percent(above)} of what was asked for ${rate.long.toHumanString()} was bad (${level.bad}), where ${percent(1 - level.objective)} are allowed for. What to do: docs/runbook.md#slo-${level.name}`,
          alarmRule: AlarmRule.allOf(
            window('long', amongEnough(level, rate.long)),
            window('short', level.badShare(rate.short)),
          ),
        });
        alarm.addAlarmAction(action);
        alarm.addOkAction(action);
        return alarm;
      }),
    );
  }
}

const amongEnough = (level: ServiceLevel, period: Duration): MathExpression =>
  new MathExpression({
    expression: `IF(requests >= ${leastRequests}, bad, 0)`,
    usingMetrics: { requests: level.requests(period), bad: level.badShare(period) },
    period,
  });

/** Without the digits that products of binary fractions end in. */
const rounded = (share: number): number => Number(share.toFixed(6));

const percent = (share: number): string => `${Number((share * 100).toFixed(4))} %`;
