import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Which of a client's calls go wrong, by their number from 0: refused before they are sent, or done but their answer lost. */
export interface FaultPlan {
  readonly refused?: (call: number) => boolean;
  readonly lost?: (call: number) => boolean;
}

const named = (name: string): Error => Object.assign(new Error(name), { name });

/** Makes calls of a real client fail as the network and DynamoDB do. Returns how many calls were made so far. */
export function withFaults(client: DynamoDBClient, plan: FaultPlan): () => number {
  let calls = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      const call = calls++;
      if (plan.refused?.(call)) throw named('ProvisionedThroughputExceededException');
      const result = await next(args);
      if (plan.lost?.(call)) throw named('TimeoutError');
      return result;
    },
    { step: 'build', name: 'faults' },
  );
  return () => calls;
}
