import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { Storage } from '#infra/constructs/storage.ts';
import { TrainingSets } from '#infra/constructs/training-sets.ts';
import { trainingSetsDefinition } from '#infra/constructs/training-sets-definition.ts';
import { manifest, repositoryModule, stage, testStack } from './fixture.ts';
import { actionsOf, statementsOf } from './templates.ts';

const stack: Stack = testStack();
const storage = new Storage(stack, 'Storage', { manifest, stage: stage('dev') });
new TrainingSets(stack, 'TrainingSets', {
  manifest,
  stage: stage('dev'),
  repositoryModule,
  jobsTable: storage.jobsTable,
  offlineStore: storage.offlineStore,
  apiToken: storage.apiToken,
  eventStreams: storage.eventStreams,
});
const template = Template.fromStack(stack);

type State = Readonly<Record<string, unknown>>;
const definition = trainingSetsDefinition({
  functions: { stageSpine: 'stage', joinFeatures: 'join', finishPart: 'finish', completeDataset: 'complete' },
  bucketName: 'bucket',
  partition: 'aws',
});
const states = (machine: State): Record<string, State> => machine.States as Record<string, State>; // the definition is ours

describe('training-set state machine', () => {
  it('catches every error of every state that can fail, and ends in Failed with the recorded sentence', () => {
    for (const [name, state] of Object.entries(states(definition))) {
      if (state.Type !== 'Task' && state.Type !== 'Map') continue;
      expect([name, state.Catch]).toEqual([name, [expect.objectContaining({ ErrorEquals: ['States.ALL'] })]]);
    }
    expect(states(definition).Failed).toEqual({
      Type: 'Fail',
      ErrorPath: '$.error.code',
      CausePath: '$.error.message',
    });
  });

  it('retries passing faults of every task with jitter, and never errors that the user must act on', () => {
    const tasks = (machine: State): State[] =>
      Object.values(states(machine)).flatMap((state) =>
        state.Type === 'Map' ? tasks(state.ItemProcessor as State) : state.Type === 'Task' ? [state] : [],
      );
    expect(tasks(definition)).toHaveLength(6);
    for (const { Retry } of tasks(definition))
      expect(Retry).toEqual([
        expect.objectContaining({ JitterStrategy: 'FULL', ErrorEquals: expect.arrayContaining(['tidemark.passing']) }),
      ]);
    expect(JSON.stringify(definition)).not.toMatch(/"ErrorEquals":\[[^\]]*trainingSet\./);
  });

  it('follows the map over parts with the state that counts them', () => {
    expect(states(definition).FinishParts).toMatchObject({ Next: 'Complete', ResultPath: null, MaxConcurrency: 20 });
    expect(states(definition).FinishParts?.ItemReader).toMatchObject({ ReaderConfig: { InputType: 'JSON' } });
  });

  it('goes back to staging until the spine is staged and the event logs hold what an export reads', () => {
    expect(states(definition).Staged).toMatchObject({
      Choices: [
        { Variable: '$.next', StringEquals: 'stage', Next: 'Stage' },
        { Variable: '$.next', StringEquals: 'wait', Next: 'WaitForLogs' },
        { Variable: '$.next', StringEquals: 'complete', Next: 'Complete' },
      ],
      Default: 'Join',
    });
    expect(states(definition).WaitForLogs).toEqual({ Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'Stage' });
  });

  it('joins again where what was read has changed, and goes on to the parts otherwise', () => {
    expect(states(definition).Join).toMatchObject({ Next: 'Settle' });
    expect(states(definition).Settled).toMatchObject({
      Choices: [{ Variable: '$.next', StringEquals: 'join', Next: 'Join' }],
      Default: 'FinishParts',
    });
  });

  it('reaches every state, and leads to states that exist', () => {
    const all = states(definition);
    const targets = [...JSON.stringify(definition).matchAll(/"(?:Next|Default|StartAt)":"(\w+)"/g)].map(
      ([, name]) => name,
    );
    const inner = ['Join', 'FinishParts'].flatMap((name) => Object.keys(states(all[name]?.ItemProcessor as State)));
    expect([...new Set(targets)].sort()).toEqual([...Object.keys(all), ...inner].sort());
  });

  it('traces and logs its executions', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'tidemark-rides-dev-training-set',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: Match.objectLike({ Level: 'ALL' }),
    });
  });
});

describe('rights of the training-set functions', () => {
  const base = [
    'kms:Decrypt',
    'kms:DescribeKey',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ];
  const encrypt = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
  const jobs = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'];
  const write = ['s3:PutObject'];
  const look = ['kinesis:GetRecords', 'kinesis:GetShardIterator', 'kinesis:ListShards'];
  it.each<[string, string[]]>([
    ['StageSpineRole', [...base, ...encrypt, ...jobs, ...write, ...look, 's3:GetObject', 's3:ListBucket']],
    ['FinishPartRole', [...base, ...encrypt, ...write, 's3:GetObject', 's3:ListBucket']],
    [
      'CompleteDatasetRole',
      [...base, ...encrypt, ...jobs, ...write, 's3:DeleteObject', 's3:GetObject', 's3:ListBucket'],
    ],
    [
      'TrainingSetsApiRole',
      [
        ...base,
        ...encrypt,
        ...jobs,
        's3:GetObject',
        's3:ListBucket',
        'secretsmanager:GetSecretValue',
        'states:DescribeExecution',
        'states:StartExecution',
      ],
    ],
  ])('%s may do exactly this', (role, actions) => {
    expect(actionsOf(template, role)).toEqual([...new Set(actions)].sort());
  });

  it('only the join may query, and none may touch the online table', () => {
    expect(actionsOf(template, 'JoinFeaturesRole')).toContain('athena:StartQueryExecution');
    for (const role of ['StageSpine', 'JoinFeatures', 'FinishPart', 'CompleteDataset', 'TrainingSetsApi'])
      expect(JSON.stringify(statementsOf(template, `${role}Role`))).not.toContain('OnlineStore');
  });

  it('only completion deletes, and only below datasets/', () => {
    const deletes = ['StageSpine', 'JoinFeatures', 'FinishPart', 'TrainingSetsApi'].flatMap((role) =>
      actionsOf(template, `${role}Role`).filter((action) => action.startsWith('s3:Delete')),
    );
    expect(deletes).toEqual([]);
    const [statement] = statementsOf(template, 'CompleteDatasetRole').filter(({ Action }) =>
      Action.includes('s3:DeleteObject'),
    );
    expect(JSON.stringify(statement?.Resource)).toContain('/datasets/*');
    expect(statement?.Resource).toHaveLength(1);
  });
});
