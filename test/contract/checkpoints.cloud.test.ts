import { describe, expect, it } from 'vitest';
import { sequenceText } from '#semantics/stream/sequence.ts';
import { DynamoCheckpoints } from '#store/dynamodb/checkpoints.ts';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { checkpointsContract } from './checkpoints-contract.ts';
import { createTable } from './cloud-table.ts';
import { withFaults } from './faults.ts';

describe('checkpoints in DynamoDB', () => {
  checkpointsContract(async () => {
    const client = createDynamoClient();
    return new DynamoCheckpoints(client, await createTable(client));
  });

  it('stands where it was moved to although the answer was lost', async () => {
    const client = createDynamoClient();
    const checkpoints = new DynamoCheckpoints(client, await createTable(client));
    const to = { sequence: sequenceText('7'), arrivalMillis: 5 };
    withFaults(client, { lost: (call) => call === 0 });
    await expect(checkpoints.advance('archive/rides', 'shard-0', to)).rejects.toThrow('TimeoutError');
    expect(await checkpoints.advance('archive/rides', 'shard-0', to)).toEqual(to);
  });
});
