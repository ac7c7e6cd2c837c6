import { type IRuleTarget, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type MaterializedView, materializedViews } from '#infra/materialized-views.ts';
import { acknowledge } from '#infra/perms.ts';
import { sourceFolder } from '#infra/source-location.ts';
import { viewSchedule } from '#infra/view-schedule.ts';
import { viewId } from '#spec/find.ts';
import type { Manifest, StoredView } from '#spec/manifest.ts';

export interface RunTriggersProps {
  readonly manifest: Manifest;
  /** The bucket of sources whose location is relative. */
  readonly bucketName: string;
  readonly stateMachine: IStateMachine;
}

/**
 * What starts materialization by itself: the clock for views with a schedule, and each new object of its source for a table view.
 * Input of the run: `{ "view": "name@version" }`.
 */
export class RunTriggers extends Construct {
  constructor(scope: Construct, id: string, props: RunTriggersProps) {
    super(scope, id);
    for (const { view, source } of materializedViews(props.manifest)) {
      const target = new SfnStateMachine(props.stateMachine, {
        input: RuleTargetInput.fromObject({ view: viewId(view) }),
        retryAttempts: 3,
      });
      if (view.scheduleMillis !== undefined)
        this.runOnSchedule({ ...view, scheduleMillis: view.scheduleMillis }, target);
      if (view.kind === 'table') this.runOnNewObjects({ view, source }, target, props.bucketName);
    }
  }

  private runOnSchedule(view: StoredView & { readonly scheduleMillis: number }, target: IRuleTarget): void {
    this.acknowledgeLostStart(
      new Rule(this, `${view.name}_v${view.version}_schedule`, {
        description: `runs ${viewId(view)} when a tick becomes available`,
        schedule: viewSchedule(view.scheduleMillis, view.delayMillis),
        targets: [target],
      }),
    );
  }

  private runOnNewObjects({ view, source }: MaterializedView, target: IRuleTarget, ownBucketName: string): void {
    const { bucketName, prefix } = sourceFolder(source, ownBucketName);
    this.acknowledgeLostStart(
      new Rule(this, `${view.name}_v${view.version}_objects`, {
        description: `runs ${viewId(view)} for each new object of ${source.name}`,
        eventPattern: {
          source: ['aws.s3'],
          detailType: ['Object Created'],
          detail: { bucket: { name: [bucketName] }, ...(prefix === '' ? {} : { object: { key: [{ prefix }] } }) },
        },
        targets: [target],
      }),
    );
  }

  /** A start that is lost after its retries loses nothing: the next run of the view reads every tick and object not read yet. */
  private acknowledgeLostStart(rule: Rule): void {
    acknowledge(rule, 'the next run catches up on whatever a lost start would have read; the freshness alarm tells', [
      'Serverless-EventBusDLQ',
    ]);
  }
}
