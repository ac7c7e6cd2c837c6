import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { AlarmTopic } from '#infra/constructs/alarm-topic.ts';
import { Alarms, type AlarmsProps } from '#infra/constructs/alarms.ts';
import { Dashboard } from '#infra/constructs/dashboard.ts';

export type ObservabilityProps = Omit<AlarmsProps, 'action'>;

/** Alarms with a topic to tell, and the dashboard. Reads names of the other parts only, so it can come and go alone. */
export class Observability extends Construct {
  readonly topic: AlarmTopic;
  readonly alarms: Alarms;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    const { alarmEmail } = props.stage;
    this.topic = new AlarmTopic(this, 'Topic', alarmEmail === undefined ? {} : { email: alarmEmail });
    this.alarms = new Alarms(this, 'Alarms', { ...props, action: new SnsAction(this.topic.topic) });
    new Dashboard(this, 'Dashboard', { ...props, alarms: this.alarms.alarms });
  }
}
