import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { AlarmTopic } from '#infra/constructs/alarm-topic.ts';
import { Alarms, type AlarmsProps } from '#infra/constructs/alarms.ts';
import { Dashboard } from '#infra/constructs/dashboard.ts';
import { ServiceLevelAlarms } from '#infra/constructs/service-level-alarms.ts';
import { ServiceLevelDashboard } from '#infra/constructs/service-level-dashboard.ts';
import { serviceLevels } from '#infra/service-levels.ts';

export type ObservabilityProps = Omit<AlarmsProps, 'action'>;

/** Alarms with a topic to tell, and the dashboard; where the stage has objectives, theirs beside. Reads names of the other parts only, so it can come and go alone. */
export class Observability extends Construct {
  readonly topic: AlarmTopic;
  readonly alarms: Alarms;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    const { alarmEmail, objectives } = props.stage;
    this.topic = new AlarmTopic(this, 'Topic', alarmEmail === undefined ? {} : { email: alarmEmail });
    const action = new SnsAction(this.topic.topic);
    this.alarms = new Alarms(this, 'Alarms', { ...props, action });
    new Dashboard(this, 'Dashboard', { ...props, alarms: this.alarms.alarms });
    if (!objectives) return;
    const deployment = { project: props.manifest.project, stage: props.stage.name };
    const prefix = `tidemark-${deployment.project}-${deployment.stage}`;
    const levels = serviceLevels(objectives, deployment, props.api);
    const { alarms } = new ServiceLevelAlarms(this, 'ServiceLevelAlarms', { prefix, levels, action });
    new ServiceLevelDashboard(this, 'ServiceLevelDashboard', { prefix, levels, alarms });
  }
}
