import { describe, expect, it } from 'vitest';
import { backfillDefinition } from '#infra/constructs/backfill-definition.ts';
import { passingErrorName } from '#lambdas/run-step.ts';

type State = Readonly<Record<string, unknown>>;
const definition = backfillDefinition({
  functions: {
    planBackfill: 'plan',
    awaitArchive: 'await',
    startQuery: 'start',
    checkQuery: 'check',
    splitRows: 'split',
    mergeHistory: 'merge',
    finishRun: 'finish',
  },
  bucketName: 'bucket',
  partition: 'aws',
  timeoutSeconds: 1000,
});
const statesOf = (machine: unknown): Record<string, State> => (machine as { States: Record<string, State> }).States; // ours
const states = statesOf(definition);
const inner = statesOf(states.MergeHistory?.ItemProcessor);

describe('backfill state machine', () => {
  it('catches every error of every state that can fail, and frees the lock before it fails with a sentence', () => {
    for (const [name, state] of Object.entries(states)) {
      if ((state.Type !== 'Task' && state.Type !== 'Map') || name === 'Fail') continue;
      expect([name, state.Catch]).toEqual([
        name,
        [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Fail' }],
      ]);
    }
    expect(states.Fail).toMatchObject({ Next: 'Failed', Catch: [{ Next: 'FailedUnrecorded' }] });
  });

  it('retries passing faults of every task with jitter', () => {
    const tasks = [states, inner].flatMap((all) => Object.entries(all)).filter(([, state]) => state.Type === 'Task');
    expect(tasks).toHaveLength(8);
    for (const [name, { Retry }] of tasks)
      expect([name, Retry]).toEqual([
        name,
        expect.arrayContaining([
          expect.objectContaining({ JitterStrategy: 'FULL', ErrorEquals: expect.arrayContaining([passingErrorName]) }),
        ]),
      ]);
  });

  it('waits as long as the step says, for another backfill a while, and bounds the whole', () => {
    expect(states.WaitForArchive).toEqual({ Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'AwaitArchive' });
    expect(states.Plan?.Retry).toContainEqual(
      expect.objectContaining({ ErrorEquals: ['materialize.runInProgress'], MaxAttempts: 40 }),
    );
    expect(definition.TimeoutSeconds).toBe(1000);
    expect(states.MergeHistory).toMatchObject({ MaxConcurrency: 8, Next: 'Finish', ResultPath: null });
  });

  it('leads only to states that exist, and reaches all of them', () => {
    for (const all of [states, inner]) {
      const text = JSON.stringify(Object.values(all).map(({ ItemProcessor: _inner, ...state }) => state));
      const targets = new Set([...text.matchAll(/"(?:Next|Default)":"(\w+)"/g)].map(([, name]) => name));
      const first = Object.keys(all)[0] ?? '';
      expect([...targets, ...(targets.has(first) ? [] : [first])].sort()).toEqual(Object.keys(all).sort());
    }
  });
});
