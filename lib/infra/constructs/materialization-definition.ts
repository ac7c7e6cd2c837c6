import { guarded, isNext, retryPassing, type State } from '#infra/constructs/states.ts';

/** Functions of the states, as ARNs (or tokens that become ARNs). */
export interface RunFunctions {
  readonly planRun: string;
  readonly startQuery: string;
  readonly checkQuery: string;
  readonly publishRun: string;
  readonly splitRows: string;
  readonly writeOnline: string;
  readonly finishRun: string;
}

export interface MaterializationDefinitionProps {
  readonly functions: RunFunctions;
  /** Bucket of the items that the map reads. */
  readonly bucketName: string;
  /** AWS partition of the deployment, as `aws`. */
  readonly partition: string;
}

/** Statements that Athena computes at once; its default allows 20 to 25 in an account and region. */
export const chunksAtOnce = 4;
/** Writers at once: 8 functions of 48 requests each stay well inside what a new on-demand table takes (4,000 writes a second). */
export const writersAtOnce = 8;
/** A run is stopped after this long; its lock is then taken over by the next one. */
export const runTimeoutSeconds = 6 * 3600;

/** A quarter of an hour or so: then the run is refused. */
const retryLocked = {
  ErrorEquals: ['materialize.runInProgress'],
  IntervalSeconds: 2,
  BackoffRate: 1.5,
  MaxAttempts: 40,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

/**
 * The state machine of a materialization run in Amazon States Language; ARCHITECTURE "Materialization run". States hand on no more
 * than the run's reference and names: plans, statements and results lie in the bucket. Any error ends in `Failed` with a sentence.
 */
export function materializationDefinition(props: MaterializationDefinitionProps): State {
  const { functions } = props;
  const invoke = invoker(props.partition);
  const run = { 'run.$': '$.run' };
  return {
    Comment: 'One materialization run of one view: plan, compute, publish, write online, reconcile',
    StartAt: 'Plan',
    TimeoutSeconds: runTimeoutSeconds,
    States: {
      Plan: guarded({
        ...invoke(functions.planRun, { 'input.$': '$', 'execution.$': '$$.Execution.Id' }),
        Retry: [retryLocked, retryPassing],
        Next: 'Planned',
      }),
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
          States: queryStates({ invoke, functions, name: 'Chunk', last: { End: true } }),
        },
        // Results lie in the bucket, where publication counts them.
        ResultPath: null,
        Next: 'Publish',
      }),
      Publish: guarded({ ...invoke(functions.publishRun, run), Retry: [retryPassing], Next: 'Published' }),
      Published: { Type: 'Choice', Choices: [isNext('select', 'SelectRows')], Default: 'Finish' },
      SelectRows: {
        Type: 'Pass',
        Parameters: { ...run, query: 'selection', attempt: 1 },
        Next: 'StartSelection',
      },
      ...guardedTasks(queryStates({ invoke, functions, name: 'Selection', last: { Next: 'Split' } })),
      Split: guarded({ ...invoke(functions.splitRows, run), Retry: [retryPassing], Next: 'HasItems' }),
      HasItems: {
        Type: 'Choice',
        Choices: [{ Variable: '$.items', NumericGreaterThan: 0, Next: 'WriteOnline' }],
        Default: 'Finish',
      },
      WriteOnline: guarded(writeOnline(props, invoke)),
      Finish: guarded({ ...invoke(functions.finishRun, run), Retry: [retryPassing], Next: 'Done' }),
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

const guardedTasks = (states: Readonly<Record<string, State>>): Record<string, State> =>
  Object.fromEntries(
    Object.entries(states).map(([name, state]) => [name, state.Type === 'Task' ? guarded(state) : state]),
  );

interface QueryStatesProps {
  readonly invoke: Invoke;
  readonly functions: RunFunctions;
  readonly name: string;
  /** How the last state goes on. */
  readonly last: State;
}

/** Start a statement, wait, look, until it has succeeded; a passing fault of Athena starts its next attempt. */
function queryStates({ invoke, functions, name, last }: QueryStatesProps): Record<string, State> {
  const attempt = { 'run.$': '$.run', 'query.$': '$.query', 'attempt.$': '$.attempt' };
  const started = { ...attempt, 'queryId.$': '$.queryId', 'waitSeconds.$': '$.waitSeconds' };
  return {
    [`Start${name}`]: { ...invoke(functions.startQuery, attempt), Retry: [retryPassing], Next: `Wait${name}` },
    [`Wait${name}`]: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: `Check${name}` },
    [`Check${name}`]: { ...invoke(functions.checkQuery, started), Retry: [retryPassing], Next: `Checked${name}` },
    [`Checked${name}`]: {
      Type: 'Choice',
      Choices: [isNext('wait', `Wait${name}`), isNext('again', `Start${name}`)],
      Default: `Computed${name}`,
    },
    [`Computed${name}`]: { Type: 'Pass', ...last },
  };
}

/** The map over the selected rows. A few failed items do not stop it: reconciliation counts what is missing and says so. */
function writeOnline({ functions, bucketName, partition }: MaterializationDefinitionProps, invoke: Invoke): State {
  return {
    Type: 'Map',
    Label: 'WriteOnline',
    MaxConcurrency: writersAtOnce,
    ToleratedFailureCount: 10,
    ItemReader: {
      Resource: `arn:${partition}:states:::s3:getObject`,
      ReaderConfig: { InputType: 'JSON' },
      Parameters: { Bucket: bucketName, 'Key.$': '$.itemsKey' },
    },
    ItemSelector: { 'run.$': '$.run', 'item.$': '$$.Map.Item.Value' },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'WriteItem',
      States: {
        WriteItem: {
          ...invoke(functions.writeOnline, { 'run.$': '$.run', 'item.$': '$.item' }),
          Retry: [retryPassing],
          End: true,
        },
      },
    },
    ResultPath: null,
    Next: 'Finish',
  };
}
