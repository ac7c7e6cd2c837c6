import { guarded, isNext, retryPassing, type State } from '#infra/constructs/states.ts';

/** Functions of the states, as ARNs (or tokens that become ARNs). */
export interface TrainingSetFunctions {
  readonly stageSpine: string;
  readonly joinFeatures: string;
  readonly finishPart: string;
  readonly completeDataset: string;
}

export interface TrainingSetsDefinitionProps {
  readonly functions: TrainingSetFunctions;
  /** Bucket of the items that the map reads. */
  readonly bucketName: string;
  /** AWS partition of the deployment, as `aws`. */
  readonly partition: string;
}

/** Statements that Athena computes at once, of the 20 to 25 that it allows in an account and region. */
export const joinsAtOnce = 4;
/** Functions that finish parts at once. */
export const partsAtOnce = 20;
/** A build is stopped after this long. */
export const buildTimeoutSeconds = 12 * 3600;

/**
 * The state machine of a training set in Amazon States Language; ARCHITECTURE "Training set". States hand on no more than the id and
 * numbers: rows, plans and results lie in the bucket. Any error ends in `Failed` with a sentence.
 */
export function trainingSetsDefinition({ functions, bucketName, partition }: TrainingSetsDefinitionProps): State {
  const invoke = (functionArn: string, payload: State): State => ({
    Type: 'Task',
    Resource: `arn:${partition}:states:::lambda:invoke`,
    Parameters: { FunctionName: functionArn, Payload: payload },
    Retry: [retryPassing],
  });
  const execution = { 'execution.$': '$$.Execution.Id' };
  return {
    Comment:
      'One training set: stage the spine, join features, settle what was read, finish parts, complete the dataset',
    StartAt: 'Stage',
    TimeoutSeconds: buildTimeoutSeconds,
    States: {
      Stage: guarded({
        ...invoke(functions.stageSpine, { 'input.$': '$$.Execution.Input', ...execution }),
        OutputPath: '$.Payload',
        Next: 'Staged',
      }),
      Staged: {
        Type: 'Choice',
        Choices: [isNext('stage', 'Stage'), isNext('wait', 'WaitForLogs'), isNext('complete', 'Complete')],
        Default: 'Join',
      },
      WaitForLogs: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'Stage' },
      Join: guarded({
        Type: 'Map',
        ItemsPath: '$.joins',
        MaxConcurrency: joinsAtOnce,
        ItemSelector: { 'id.$': '$.id', ...execution, 'join.$': '$$.Map.Item.Value' },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'INLINE' },
          StartAt: 'Advance',
          States: {
            Advance: {
              Type: 'Task',
              Resource: `arn:${partition}:states:::lambda:invoke`,
              // what it answers is what it wants to be called with again
              Parameters: { FunctionName: functions.joinFeatures, 'Payload.$': '$' },
              Retry: [retryPassing],
              OutputPath: '$.Payload',
              Next: 'Advanced',
            },
            Advanced: { Type: 'Choice', Choices: [isNext('wait', 'WaitForJoin')], Default: 'Joined' },
            WaitForJoin: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'Advance' },
            Joined: { Type: 'Succeed' },
          },
        },
        // Results lie in the bucket.
        ResultPath: null,
        Next: 'Settle',
      }),
      Settle: guarded({
        ...invoke(functions.stageSpine, { 'id.$': '$.id', ...execution }),
        OutputPath: '$.Payload',
        Next: 'Settled',
      }),
      // joined again where what was read has changed meanwhile
      Settled: { Type: 'Choice', Choices: [isNext('join', 'Join')], Default: 'FinishParts' },
      FinishParts: guarded({
        Type: 'Map',
        Label: 'FinishParts',
        MaxConcurrency: partsAtOnce,
        ItemReader: {
          Resource: `arn:${partition}:states:::s3:getObject`,
          ReaderConfig: { InputType: 'JSON' },
          Parameters: { Bucket: bucketName, 'Key.$': "States.Format('training-sets/work/{}/items.json', $.id)" },
        },
        ItemSelector: { 'id.$': '$.id', ...execution, 'part.$': '$$.Map.Item.Value.part' },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'FinishPart',
          States: {
            FinishPart: {
              ...invoke(functions.finishPart, { 'id.$': '$.id', 'execution.$': '$.execution', 'part.$': '$.part' }),
              End: true,
            },
          },
        },
        // The last state counts what lies in the bucket: a map that lost an item must not look complete.
        ResultPath: null,
        Next: 'Complete',
      }),
      Complete: guarded({
        ...invoke(functions.completeDataset, { 'id.$': '$.id', ...execution }),
        OutputPath: '$.Payload',
        Next: 'Done',
      }),
      Done: { Type: 'Succeed' },
      Fail: {
        ...invoke(functions.completeDataset, {
          'input.$': '$$.Execution.Input',
          ...execution,
          'error.$': '$.error',
        }),
        OutputPath: '$.Payload',
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.lost', Next: 'FailedUnrecorded' }],
        Next: 'Failed',
      },
      Failed: { Type: 'Fail', ErrorPath: '$.error.code', CausePath: '$.error.message' },
      FailedUnrecorded: { Type: 'Fail', ErrorPath: '$.error.Error', CausePath: '$.error.Cause' },
    },
  };
}
