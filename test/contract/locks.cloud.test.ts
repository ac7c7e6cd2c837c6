import { describe, expect, it } from 'vitest';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoLocks } from '#store/dynamodb/locks.ts';
import { createTable } from './cloud-table.ts';
import { withFaults } from './faults.ts';
import { locksContract } from './locks-contract.ts';

const newLocks = async () => {
  const client = createDynamoClient();
  return { client, locks: new DynamoLocks(client, await createTable(client)) };
};

describe('locks in DynamoDB', () => {
  locksContract(async () => (await newLocks()).locks);

  it('gives the lease to an owner that asks again because its answer was lost', async () => {
    const { client, locks } = await newLocks();
    withFaults(client, { lost: (call) => call === 0 });
    await expect(locks.acquire('view@1', 'run 1')).rejects.toThrow('TimeoutError');
    const { acquired, lease } = await locks.acquire('view@1', 'run 1');
    expect(acquired).toBe(true);
    expect(await locks.holds(lease)).toBe(true);
  });

  it('gives the lock to an owner that takes over again because its answer was lost', async () => {
    const { client, locks } = await newLocks();
    const { lease } = await locks.acquire('view@1', 'dead run');
    withFaults(client, { lost: (call) => call === 0 });
    await expect(locks.takeOver(lease, 'run 2')).rejects.toThrow('TimeoutError');
    const taken = await locks.takeOver(lease, 'run 2');
    expect(taken && (await locks.holds(taken))).toBe(true);
  });
});
