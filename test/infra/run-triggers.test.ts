import { Match, Template } from 'aws-cdk-lib/assertions';
import { DefinitionBody, Pass, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { describe, expect, it } from 'vitest';
import { RunTriggers } from '#infra/constructs/run-triggers.ts';
import { manifest, testStack } from './fixture.ts';
import { actionsOf } from './templates.ts';

const stack = testStack();
const stateMachine = new StateMachine(stack, 'Machine', {
  definitionBody: DefinitionBody.fromChainable(new Pass(stack, 'Pass')),
});
new RunTriggers(stack, 'RunTriggers', { manifest, bucketName: 'data', stateMachine });
const template = Template.fromStack(stack);
const hasRule = (view: string, properties: Record<string, unknown>): void =>
  template.hasResourceProperties('AWS::Events::Rule', {
    ...properties,
    Targets: [Match.objectLike({ Arn: { Ref: Match.stringLikeRegexp('Machine') }, Input: JSON.stringify({ view }) })],
  });

describe('triggers of runs', () => {
  it('run a batch view when its tick becomes available', () => {
    hasRule('driver_stats@1', { ScheduleExpression: 'cron(10 * * * ? *)' });
  });

  it('run a table view for each new object under its source in the own bucket', () => {
    hasRule('last_trip@1', {
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: ['data'] }, object: { key: [{ prefix: 'sources/trips/' }] } },
      },
    });
  });

  it('run a table view for each new object under its source in another bucket', () => {
    hasRule('driver_profile@1', {
      EventPattern: Match.objectLike({
        detail: { bucket: { name: ['partner-data'] }, object: { key: [{ prefix: 'drivers/' }] } },
      }),
    });
  });

  it('also run a table view on its schedule, where it has one', () => {
    hasRule('last_trip@1', { ScheduleExpression: 'cron(0 0 * * ? *)' });
    template.resourceCountIs('AWS::Events::Rule', 4);
  });

  it('run no view over a stream, which its events keep up to date', () => {
    const inputs = Object.values(template.findResources('AWS::Events::Rule')).map(({ Properties }) =>
      JSON.stringify(Properties.Targets),
    );
    expect(inputs.filter((input) => /ride_activity|last_position/.test(input))).toEqual([]);
  });

  it('may start the state machine and nothing else', () => {
    expect(actionsOf(template, 'EventsRole')).toEqual(['states:StartExecution']);
  });
});
