import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { Materialization } from '#infra/constructs/materialization.ts';
import { materializationDefinition } from '#infra/constructs/materialization-definition.ts';
import { Storage } from '#infra/constructs/storage.ts';
import { passingErrorName } from '#lambdas/run-step.ts';
import { manifest, repositoryModule, stage, testStack } from './fixture.ts';
import { statementsOf } from './templates.ts';

const stack: Stack = testStack();
const storage = new Storage(stack, 'Storage', { manifest, stage: stage('dev') });
new Materialization(stack, 'Materialization', { manifest, stage: stage('dev'), repositoryModule, ...storage });
const template = Template.fromStack(stack);

type State = Readonly<Record<string, unknown>>;
const definition = materializationDefinition({
  functions: {
    planRun: 'plan',
    startQuery: 'start',
    checkQuery: 'check',
    publishRun: 'publish',
    splitRows: 'split',
    writeOnline: 'write',
    finishRun: 'finish',
  },
  bucketName: 'bucket',
  partition: 'aws',
});
const statesOf = (machine: unknown): Record<string, State> => (machine as { States: Record<string, State> }).States; // ours
const states = statesOf(definition);
const inner = (name: string): Record<string, State> => statesOf(states[name]?.ItemProcessor);

describe('materialization state machine', () => {
  it('catches every error of every state that can fail, and frees the lock before it fails with a sentence', () => {
    for (const [name, state] of Object.entries(states)) {
      if ((state.Type !== 'Task' && state.Type !== 'Map') || name === 'Fail') continue;
      expect([name, state.Catch]).toEqual([
        name,
        [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Fail' }],
      ]);
    }
    expect(states.Fail).toMatchObject({ Next: 'Failed', Catch: [{ Next: 'FailedUnrecorded' }] });
    expect(states.Failed).toEqual({ Type: 'Fail', ErrorPath: '$.error.code', CausePath: '$.error.message' });
  });

  it('retries passing faults of every task with jitter', () => {
    const tasks = [states, inner('ComputeChunks'), inner('WriteOnline')]
      .flatMap((all) => Object.entries(all))
      .filter(([, state]) => state.Type === 'Task');
    expect(tasks).toHaveLength(10);
    for (const [name, { Retry }] of tasks)
      expect([name, Retry]).toEqual([
        name,
        expect.arrayContaining([
          expect.objectContaining({
            JitterStrategy: 'FULL',
            ErrorEquals: expect.arrayContaining([
              passingErrorName,
              'Sandbox.Timedout',
              'Lambda.TooManyRequestsException',
            ]),
          }),
        ]),
      ]);
  });

  it('waits for another run of the view for a while, and then lets the refusal through', () => {
    expect(states.Plan?.Retry).toContainEqual(
      expect.objectContaining({ ErrorEquals: ['materialize.runInProgress'], MaxAttempts: 40, MaxDelaySeconds: 60 }),
    );
  });

  it('bounds what goes on at once, and the whole run', () => {
    expect(states.ComputeChunks).toMatchObject({ MaxConcurrency: 4 });
    expect(states.WriteOnline).toMatchObject({ MaxConcurrency: 8 });
    expect(definition.TimeoutSeconds).toBe(21_600);
  });

  it('reconciles after every map over rows, whatever the map says of itself', () => {
    expect(states.WriteOnline).toMatchObject({ Next: 'Finish', ResultPath: null, ToleratedFailureCount: 10 });
    expect(states.HasItems).toMatchObject({ Default: 'Finish' });
  });

  it('leads only to states that exist, and reaches all of them', () => {
    for (const all of [states, inner('ComputeChunks'), inner('WriteOnline')]) {
      const text = JSON.stringify(Object.values(all).map(({ ItemProcessor: _inner, ...state }) => state));
      const targets = new Set([...text.matchAll(/"(?:Next|Default)":"(\w+)"/g)].map(([, name]) => name));
      const first = Object.keys(all)[0] ?? '';
      expect([...targets, ...(targets.has(first) ? [] : [first])].sort()).toEqual(Object.keys(all).sort());
    }
  });

  it('is traced, and logs every event', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'tidemark-rides-dev-materialize',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', Destinations: Match.anyValue() },
    });
  });

  it('starts runs of its own map and no other machine', () => {
    const starts = statementsOf(template, 'MaterializationRole').filter((statement) =>
      JSON.stringify(statement.Action).includes('states:StartExecution'),
    );
    expect(JSON.stringify(starts.map(({ Resource }) => Resource))).toMatch(
      /stateMachine:tidemark-rides-dev-materialize"/,
    );
  });
});
