import { guarded, isNext, retryPassing, type State } from '#infra/constructs/states.ts';

/** Functions of the states, as ARNs (or tokens that become ARNs). Those of statements, split and end are materialization's own. */
export interface BackfillFunctions {
  readonly planBackfill: string;
  readonly awaitArchive: string;
  readonly startQuery: string;
  readonly checkQuery: string;
  readonly splitRows: string;
  readonly mergeHistory: string;
  readonly finishRun: string;
}

export interface BackfillDefinitionProps {
  readonly functions: BackfillFunctions;
  /** Bucket of the items that the map reads. */
  readonly bucketName: string;
  /** AWS partition of the deployment, as `aws`. */
  readonly partition: string;
  /** How long a backfill may take, waiting for its cut included. */
  readonly timeoutSeconds: number;
}

/** Mergers at once: they share the items with the live stream, which must not be throttled by them. */
export const mergersAtOnce = 8;

/** A quarter of an hour or so: then the backfill is refused. */
const retryLocked = {
  ErrorEquals: ['materialize.runInProgress'],
  IntervalSeconds: 2,
  BackoffRate: 1.5,
  MaxAttempts: 40,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

/**
 * The state machine of a backfill in Amazon States Language: plan, wait for the cut and the archive, select, merge, reconcile. Input
 * `{ "view": "name[@version]", "rebuild"?: true }`. States hand on names only; any error ends in `Failed` with a sentence.
 */
export function backfillDefinition(props: BackfillDefinitionProps): State {
  const { functions, partition, timeoutSeconds } = props;
  const invoke = invoker(partition);
  const run = { 'run.$': '$.run' };
  const attempt = { ...run, 'query.$': '$.query', 'attempt.$': '$.attempt' };
  const started = { ...attempt, 'queryId.$': '$.queryId', 'waitSeconds.$': '$.waitSeconds' };
  const task = (functionArn: string, payload: State, next: string): State =>
    guarded({ ...invoke(functionArn, payload), Retry: [retryPassing], Next: next });
  return {
    Comment: 'One backfill of one view over a stream: plan, wait for the archive, select, merge, reconcile',
    StartAt: 'Plan',
    TimeoutSeconds: timeoutSeconds,
    States: {
      Plan: guarded({
        ...invoke(functions.planBackfill, { 'input.$': '$', 'execution.$': '$$.Execution.Id' }),
        Retry: [retryLocked, retryPassing],
        Next: 'Planned',
      }),
      Planned: { Type: 'Choice', Choices: [isNext('wait', 'AwaitArchive')], Default: 'Done' },
      AwaitArchive: task(functions.awaitArchive, run, 'Awaited'),
      Awaited: { Type: 'Choice', Choices: [isNext('wait', 'WaitForArchive')], Default: 'SelectHistory' },
      WaitForArchive: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'AwaitArchive' },
      SelectHistory: {
        Type: 'Pass',
        Parameters: { ...run, query: 'selection', attempt: 1 },
        Next: 'StartSelection',
      },
      StartSelection: task(functions.startQuery, attempt, 'WaitSelection'),
      WaitSelection: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'CheckSelection' },
      CheckSelection: task(functions.checkQuery, started, 'CheckedSelection'),
      CheckedSelection: {
        Type: 'Choice',
        Choices: [isNext('wait', 'WaitSelection'), isNext('again', 'StartSelection')],
        Default: 'Split',
      },
      Split: task(functions.splitRows, run, 'HasItems'),
      HasItems: {
        Type: 'Choice',
        Choices: [{ Variable: '$.items', NumericGreaterThan: 0, Next: 'MergeHistory' }],
        Default: 'Finish',
      },
      MergeHistory: guarded(mergeHistory(props, invoke)),
      Finish: task(functions.finishRun, run, 'Done'),
      Done: { Type: 'Succeed' },
      Fail: {
        ...invoke(functions.finishRun, {
          'input.$': '$$.Execution.Input',
          'execution.$': '$$.Execution.Id',
          'error.$': '$.error',
        }),
        Retry: [retryPassing],
        // The lock then stays with an execution that has ended, which the next run sees.
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.lost', Next: 'FailedUnrecorded' }],
        Next: 'Failed',
      },
      Failed: { Type: 'Fail', ErrorPath: '$.error.code', CausePath: '$.error.message' },
      FailedUnrecorded: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    },
  };
}

type Invoke = (functionArn: string, payload: State) => State;

const invoker =
  (partition: string): Invoke =>
  (functionArn, payload) => ({
    Type: 'Task',
    Resource: `arn:${partition}:states:::lambda:invoke`,
    Parameters: { FunctionName: functionArn, Payload: payload },
    OutputPath: '$.Payload',
  });

/** The map over the selected entities. A few failed items do not stop it: reconciliation counts what is missing and says so. */
function mergeHistory({ functions, bucketName, partition }: BackfillDefinitionProps, invoke: Invoke): State {
  return {
    Type: 'Map',
    Label: 'MergeHistory',
    MaxConcurrency: mergersAtOnce,
    ToleratedFailureCount: 10,
    ItemReader: {
      Resource: `arn:${partition}:states:::s3:getObject`,
      ReaderConfig: { InputType: 'JSON' },
      Parameters: { Bucket: bucketName, 'Key.$': '$.itemsKey' },
    },
    ItemSelector: { 'run.$': '$.run', 'item.$': '$$.Map.Item.Value' },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'MergeItem',
      States: {
        MergeItem: {
          ...invoke(functions.mergeHistory, { 'run.$': '$.run', 'item.$': '$.item' }),
          Retry: [retryPassing],
          End: true,
        },
      },
    },
    ResultPath: null,
    Next: 'Finish',
  };
}
