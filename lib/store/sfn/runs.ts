import { setTimeout as wait } from 'node:timers/promises';
import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Runs } from '#store/runs.ts';

const pollMillis = 500;

/** Runs as executions of a state machine. */
export function sfnRuns(client: SFNClient, stateMachineArn: string): Runs {
  const statusOf = async (executionArn: string) =>
    (await client.send(new DescribeExecutionCommand({ executionArn }))).status;
  return {
    start: async (input) => {
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
      );
      return executionArn ?? '';
    },
    settled: async (executions, deadlineMillis) => {
      for (;;) {
        const statuses = await Promise.all(executions.map(statusOf));
        if (statuses.every((status) => status === 'SUCCEEDED')) return 'succeeded';
        if (statuses.some((status) => status !== 'SUCCEEDED' && status !== 'RUNNING')) return 'failed';
        if (Date.now() + pollMillis >= deadlineMillis) return 'running';
        await wait(pollMillis);
      }
    },
  };
}
