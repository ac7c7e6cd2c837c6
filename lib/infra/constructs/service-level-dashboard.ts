import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Color,
  Dashboard,
  GraphWidget,
  type IAlarm,
  MathExpression,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { burnRates } from '#infra/constructs/service-level-alarms.ts';
import type { ServiceLevel } from '#infra/service-levels.ts';

export interface ServiceLevelDashboardProps {
  readonly prefix: string;
  readonly levels: readonly ServiceLevel[];
  readonly alarms: readonly IAlarm[];
}

/** Widths in CloudWatch's 24 columns, and the height of a row. */
const [budgetWidth, graphWidth, height] = [6, 18, 5];
const resolution = Duration.hours(1);

/** What is promised, what of its budget is left over the time shown, and how fast it burns: a row for each service level. */
export class ServiceLevelDashboard extends Construct {
  constructor(scope: Construct, id: string, { prefix, levels, alarms }: ServiceLevelDashboardProps) {
    super(scope, id);
    new Dashboard(this, 'Resource', {
      dashboardName: `${prefix}-slo`,
      defaultInterval: Duration.days(28),
      widgets: [
        [new AlarmStatusWidget({ title: 'Burn-rate alarms', alarms: [...alarms], width: 24 })],
        ...levels.map((level) => [this.budgetLeft(level), this.burn(level)]),
      ],
    });
  }

  private budgetLeft(level: ServiceLevel): SingleValueWidget {
    return new SingleValueWidget({
      title: `${level.name} ${Number((level.objective * 100).toFixed(2))} %: budget left (%)`,
      width: budgetWidth,
      height,
      setPeriodToTimeRange: true, // one figure for the days shown
      metrics: [
        new MathExpression({
          label: 'left',
          expression: `100 * (1 - bad / ${budget(level)})`,
          usingMetrics: { bad: level.badShare(resolution) },
          period: resolution,
        }),
      ],
    });
  }

  private burn(level: ServiceLevel): GraphWidget {
    return new GraphWidget({
      title: `${level.name}: times its budget that it burns (${level.bad})`,
      width: graphWidth,
      height,
      left: [
        new MathExpression({
          label: 'burn rate',
          expression: `bad / ${budget(level)}`,
          usingMetrics: { bad: level.badShare(resolution) },
          period: resolution,
        }),
      ],
      leftAnnotations: burnRates.map(({ name, factor }) => ({ value: factor, label: name, color: Color.RED })),
    });
  }
}

const budget = ({ objective }: ServiceLevel): number => Number((1 - objective).toFixed(6));
