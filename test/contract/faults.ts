import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Which of a client's calls go wrong, by their number from 0: refused before they are sent, or done but their answer lost. */
export interface FaultPlan {
  readonly refused?: (call: number) => boolean;
  readonly lost?: (call: number) => boolean;
  /** Equal requests go wrong at most this often, so that whoever tries once more gets through in the end. @default no bound */
  readonly mostPerRequest?: number;
}

const named = (name: string): Error => Object.assign(new Error(name), { name });

/** Makes calls of a real client fail as the network and DynamoDB do. Returns how many calls were made so far. */
export function withFaults(client: DynamoDBClient, plan: FaultPlan): () => number {
  let calls = 0;
  const faults = new Map<string, number>();
  const mayFail = (request: string): boolean => {
    const count = (faults.get(request) ?? 0) + 1;
    if (count > (plan.mostPerRequest ?? Number.POSITIVE_INFINITY)) return false;
    faults.set(request, count);
    return true;
  };
  client.middlewareStack.add(
    (next) => async (args) => {
      const call = calls++;
      const request = JSON.stringify(args.input);
      if (plan.refused?.(call) && mayFail(request)) throw named('ProvisionedThroughputExceededException');
      const result = await next(args);
      if (plan.lost?.(call) && mayFail(request)) throw named('TimeoutError');
      return result;
    },
    { step: 'build', name: 'faults' },
  );
  return () => calls;
}
