import {
  planState,
  queryStates,
  type RunMachine,
  type RunStepFunctions,
  selectionStates,
  task,
} from '#infra/constructs/run-states.ts';
import { guarded, isNext, type State } from '#infra/constructs/states.ts';

export interface RunFunctions extends RunStepFunctions {
  readonly planRun: string;
  readonly publishRun: string;
  readonly writeOnline: string;
}

export interface MaterializationDefinitionProps extends RunMachine {
  readonly functions: RunFunctions;
}

/** Statements that Athena computes at once; its default allows 20 to 25 in an account and region. */
export const chunksAtOnce = 4;
/** Writers at once: 8 functions of 48 requests each stay well inside what a new on-demand table takes (4,000 writes a second). */
export const writersAtOnce = 8;
/** A run is stopped after this long; its lock is then taken over by the next one. */
export const runTimeoutSeconds = 6 * 3600;

/**
 * The state machine of a materialization run in Amazon States Language; ARCHITECTURE "Materialization run". States hand on no more
 * than the run's reference and names: plans, statements and results lie in the bucket. Any error ends in `Failed` with a sentence.
 */
export function materializationDefinition(props: MaterializationDefinitionProps): State {
  const { functions } = props;
  const run = { 'run.$': '$.run' };
  return {
    Comment: 'One materialization run of one view: plan, compute, publish, write online, reconcile',
    StartAt: 'Plan',
    TimeoutSeconds: runTimeoutSeconds,
    States: {
      Plan: planState(props, functions.planRun),
      Planned: {
        Type: 'Choice',
        Choices: [isNext('compute', 'ComputeChunks'), isNext('select', 'SelectRows')],
        Default: 'Done',
      },
      ComputeChunks: guarded({
        Type: 'Map',
        ItemsPath: '$.chunks',
        MaxConcurrency: chunksAtOnce,
        ItemSelector: { ...run, 'query.$': "States.Format('chunk-{}', $$.Map.Item.Value.number)", attempt: 1 },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'StartChunk',
          States: {
            ...queryStates(props, { name: 'Chunk', next: 'ComputedChunk' }),
            ComputedChunk: { Type: 'Pass', End: true },
          },
        },
        // Results lie in the bucket, where publication counts them.
        ResultPath: null,
        Next: 'Publish',
      }),
      Publish: guarded({ ...task(props, functions.publishRun, run), Next: 'Published' }),
      Published: { Type: 'Choice', Choices: [isNext('select', 'SelectRows')], Default: 'Finish' },
      ...selectionStates(props, {
        select: 'SelectRows',
        map: 'WriteOnline',
        item: 'WriteItem',
        itemFunction: functions.writeOnline,
        itemsAtOnce: writersAtOnce,
      }),
    },
  };
}
