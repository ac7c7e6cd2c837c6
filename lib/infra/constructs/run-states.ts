import { guarded, isNext, retryPassing, type State } from '#infra/constructs/states.ts';

/** What the machines of materialization runs and of backfills share: planning under a lock, statements, the map over items, and the end. */
export interface RunStepFunctions {
  readonly startQuery: string;
  readonly checkQuery: string;
  readonly splitRows: string;
  readonly finishRun: string;
}

export interface RunMachine {
  /** Functions of the states, as ARNs (or tokens that become ARNs). */
  readonly functions: RunStepFunctions;
  /** Bucket of the items that the map reads. */
  readonly bucketName: string;
  /** AWS partition of the deployment, as `aws`. */
  readonly partition: string;
}

/** A call of a function whose answer is the state's output. An error that may pass is tried again. */
export const task = ({ partition }: Pick<RunMachine, 'partition'>, functionArn: string, payload: State): State => ({
  Type: 'Task',
  Resource: `arn:${partition}:states:::lambda:invoke`,
  Parameters: { FunctionName: functionArn, Payload: payload },
  OutputPath: '$.Payload',
  Retry: [retryPassing],
});

/** A quarter of an hour or so: then the run is refused. */
const retryLocked = {
  ErrorEquals: ['materialize.runInProgress'],
  IntervalSeconds: 2,
  BackoffRate: 1.5,
  MaxAttempts: 40,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

/** The first state: it takes the lock of the view, and waits for it. */
export const planState = (machine: Pick<RunMachine, 'partition'>, functionArn: string): State =>
  guarded({
    ...task(machine, functionArn, { 'input.$': '$', 'execution.$': '$$.Execution.Id' }),
    Retry: [retryLocked, retryPassing],
    Next: 'Planned',
  });

export interface QueryStates {
  /** What the names of the states end with. */
  readonly name: string;
  /** The state after a statement that has succeeded. */
  readonly next: string;
}

/** Start a statement, wait, look, until it has succeeded; a passing fault of Athena starts its next attempt. */
export function queryStates(
  machine: Pick<RunMachine, 'partition' | 'functions'>,
  { name, next }: QueryStates,
): Record<string, State> {
  const attempt = { 'run.$': '$.run', 'query.$': '$.query', 'attempt.$': '$.attempt' };
  const started = { ...attempt, 'queryId.$': '$.queryId', 'waitSeconds.$': '$.waitSeconds' };
  return {
    [`Start${name}`]: { ...task(machine, machine.functions.startQuery, attempt), Next: `Wait${name}` },
    [`Wait${name}`]: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: `Check${name}` },
    [`Check${name}`]: { ...task(machine, machine.functions.checkQuery, started), Next: `Checked${name}` },
    [`Checked${name}`]: {
      Type: 'Choice',
      Choices: [isNext('wait', `Wait${name}`), isNext('again', `Start${name}`)],
      Default: next,
    },
  };
}

export interface SelectionStates {
  /** Name of the first state. */
  readonly select: string;
  /** Names of the map and of the state inside it. */
  readonly map: string;
  readonly item: string;
  /** The function of an item. */
  readonly itemFunction: string;
  readonly itemsAtOnce: number;
}

/** The second half of a run: the statement of the selection, its rows as items, the map over them, reconciliation; and every way to fail. */
export function selectionStates(machine: RunMachine, names: SelectionStates): Record<string, State> {
  const { functions } = machine;
  const run = { 'run.$': '$.run' };
  return {
    [names.select]: { Type: 'Pass', Parameters: { ...run, query: 'selection', attempt: 1 }, Next: 'StartSelection' },
    ...guardedTasks(queryStates(machine, { name: 'Selection', next: 'Split' })),
    Split: guarded({ ...task(machine, functions.splitRows, run), Next: 'HasItems' }),
    HasItems: {
      Type: 'Choice',
      Choices: [{ Variable: '$.items', NumericGreaterThan: 0, Next: names.map }],
      Default: 'Finish',
    },
    [names.map]: guarded(itemsMap(machine, names)),
    Finish: guarded({ ...task(machine, functions.finishRun, run), Next: 'Done' }),
    Done: { Type: 'Succeed' },
    Fail: {
      ...task(machine, functions.finishRun, {
        'input.$': '$$.Execution.Input',
        'execution.$': '$$.Execution.Id',
        'error.$': '$.error',
      }),
      // The lock then stays with an execution that has ended, which the next run sees.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.lost', Next: 'FailedUnrecorded' }],
      Next: 'Failed',
    },
    Failed: { Type: 'Fail', ErrorPath: '$.error.code', CausePath: '$.error.message' },
    FailedUnrecorded: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
  };
}

const guardedTasks = (states: Readonly<Record<string, State>>): Record<string, State> =>
  Object.fromEntries(
    Object.entries(states).map(([name, state]) => [name, state.Type === 'Task' ? guarded(state) : state]),
  );

/** The map over the items. A few failed ones do not stop it: reconciliation counts what is missing and says so. */
function itemsMap(machine: RunMachine, { map, item, itemFunction, itemsAtOnce }: SelectionStates): State {
  const { bucketName, partition } = machine;
  return {
    Type: 'Map',
    Label: map,
    MaxConcurrency: itemsAtOnce,
    ToleratedFailureCount: 10,
    ItemReader: {
      Resource: `arn:${partition}:states:::s3:getObject`,
      ReaderConfig: { InputType: 'JSON' },
      Parameters: { Bucket: bucketName, 'Key.$': '$.itemsKey' },
    },
    ItemSelector: { 'run.$': '$.run', 'item.$': '$$.Map.Item.Value' },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: item,
      States: {
        [item]: { ...task(machine, itemFunction, { 'run.$': '$.run', 'item.$': '$.item' }), End: true },
      },
    },
    ResultPath: null,
    Next: 'Finish',
  };
}
