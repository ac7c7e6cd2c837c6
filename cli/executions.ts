import { setTimeout as wait } from 'node:timers/promises';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type ErrorKind, TidemarkError } from '#spec/errors.ts';

const pollMillis = 500;

export interface Execution {
  readonly arn: string;
  readonly status: string;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

type OnPoll = (arn: string) => Promise<void>;

/** Starts a state machine and waits for its end; `onPoll` runs at each look. A failed execution is returned, not thrown. */
export async function execute(stateMachineArn: string, input: unknown, onPoll?: OnPoll): Promise<Execution> {
  const client = new SFNClient({});
  const start = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
  const { executionArn = '' } = await client.send(start);
  return await ended(executionArn, onPoll);
}

/** Waits for the end of an execution that somebody has started. */
export async function ended(executionArn: string, onPoll: OnPoll = async () => {}): Promise<Execution> {
  const client = new SFNClient({});
  const describe = new DescribeExecutionCommand({ executionArn });
  for (;;) {
    const { status = 'FAILED', output, error, cause } = await client.send(describe);
    if (status !== 'RUNNING')
      return { arn: executionArn, status, output: output ? JSON.parse(output) : undefined, error, cause };
    await onPoll(executionArn);
    await wait(pollMillis);
  }
}

/** What a failed execution's error means for the one who started it; any other has failed by itself. */
const kindOfError: Readonly<Record<string, ErrorKind>> = {
  'materialize.runInProgress': 'conflict',
  'backfill.notOverStream': 'invalid',
  'backfill.notOnline': 'invalid',
  'backfill.noRebuild': 'invalid',
  'backfill.newerRun': 'conflict',
  'materialize.badInterval': 'invalid',
  'materialize.tooManyChunks': 'invalid',
  'trainingSet.badRequest': 'invalid',
  'trainingSet.badSpine': 'invalid',
  'trainingSet.badCsv': 'invalid',
  'trainingSet.emptySpine': 'invalid',
  'trainingSet.noSpine': 'notFound',
  'trainingSet.idTaken': 'conflict',
};

/** Throws the execution's own error unless it succeeded. */
export function assertSucceeded(execution: Execution, what: string): void {
  if (execution.status === 'SUCCEEDED') return;
  const { arn, status, error = 'cli.executionFailed' } = execution;
  const cause = sentence(execution.cause) ?? status.toLowerCase();
  const kind = kindOfError[error] ?? 'failed';
  throw new TidemarkError(error, kind === 'failed' ? `${what} failed: ${cause}` : cause, {
    kind,
    details: { execution: arn, status },
  });
}

/** Lambda puts its error as JSON into a cause. */
function sentence(cause: string | undefined): string | undefined {
  if (!cause?.startsWith('{')) return cause;
  const parsed = JSON.parse(cause) as { errorMessage?: string }; // written by Lambda
  return parsed.errorMessage ?? cause;
}
