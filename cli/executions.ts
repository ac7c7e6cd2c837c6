import { setTimeout as wait } from 'node:timers/promises';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { TidemarkError } from '#spec/errors.ts';

const pollMillis = 500;

export interface Execution {
  readonly arn: string;
  readonly status: string;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** Starts a state machine and waits for its end; `onPoll` runs at each look. A failed execution is returned, not thrown. */
export async function execute(
  stateMachineArn: string,
  input: unknown,
  onPoll: (arn: string) => Promise<void> = async () => {},
): Promise<Execution> {
  const client = new SFNClient({});
  const { executionArn = '' } = await client.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  for (;;) {
    const {
      status = 'FAILED',
      output,
      error,
      cause,
    } = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (status !== 'RUNNING')
      return { arn: executionArn, status, output: output ? JSON.parse(output) : undefined, error, cause };
    await onPoll(executionArn);
    await wait(pollMillis);
  }
}

/** Throws the execution's own error unless it succeeded. */
export function assertSucceeded(execution: Execution, what: string): void {
  if (execution.status === 'SUCCEEDED') return;
  const cause = sentence(execution.cause) ?? execution.status.toLowerCase();
  const isConflict = execution.error === 'materialize.runInProgress';
  throw new TidemarkError(execution.error ?? 'cli.executionFailed', `${what} failed: ${cause}`, {
    kind: isConflict ? 'conflict' : 'failed',
    details: { execution: execution.arn, status: execution.status },
  });
}

/** Lambda puts its error as JSON into a cause. */
function sentence(cause: string | undefined): string | undefined {
  if (!cause?.startsWith('{')) return cause;
  const parsed = JSON.parse(cause) as { errorMessage?: string }; // written by Lambda
  return parsed.errorMessage ?? cause;
}
