import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { signedReads } from '#store/dynamodb/signed-reads.ts';
import type { OnlineRow } from '#store/online-rows.ts';
import { createTable } from './cloud-table.ts';
import { withFaults } from './faults.ts';
import { onlineRowsContract } from './online-rows-contract.ts';

const row: OnlineRow = { entityKey: 'a', viewId: 'stats@1', order: '5', packed: 'packed' };

const newTable = async () => {
  const client = createDynamoClient({ attempts: 1 });
  const tableName = await createTable(client);
  return { client, tableName, rows: new DynamoOnlineRows({ client, tableName }) };
};

describe('online rows in DynamoDB', () => {
  describe('read by signed requests', () => {
    onlineRowsContract(async () => {
      const { client, tableName } = await newTable();
      return new DynamoOnlineRows({ client, tableName, reads: signedReads(client) });
    });
  });

  describe('read by the SDK, with calls that are refused or whose answers are lost', () => {
    onlineRowsContract(async () => {
      const { client, rows } = await newTable();
      withFaults(client, { refused: (call) => call % 3 === 0, lost: (call) => call % 4 === 1, mostPerRequest: 4 });
      return rows;
    });
  });

  it('counts a row as written whose first answer was lost', async () => {
    const { client, rows } = await newTable();
    const calls = withFaults(client, { lost: (call) => call === 0 });
    expect(await rows.writeNewer([row])).toEqual({ written: 1, older: 0 });
    expect(calls()).toBe(2);
  });

  it('rejects when a row is refused eight times', async () => {
    const { client, rows } = await newTable();
    const calls = withFaults(client, { refused: () => true });
    await expect(rows.writeNewer([row])).rejects.toThrow('ProvisionedThroughputExceededException');
    expect(calls()).toBe(8);
  }, 60_000);

  it('rejects at once for a fault that no retry cures', async () => {
    const client = createDynamoClient({ attempts: 1 });
    const calls = withFaults(client, {});
    const rows = new DynamoOnlineRows({ client, tableName: 'no-such-table' });
    await expect(rows.writeNewer([row])).rejects.toThrow(/non-existent|not found/i);
    expect(calls()).toBe(1);
    const outcomes = await rows.read([row, { ...row, entityKey: 'b' }], { deadlineMillis: Date.now() + 5000 });
    expect(outcomes).toEqual([
      { kind: 'failed', reason: 'ResourceNotFoundException' },
      { kind: 'failed', reason: 'ResourceNotFoundException' },
    ]);
  });

  it('fails keys, and only within the deadline, when reads are refused all along', async () => {
    const { client, rows } = await newTable();
    withFaults(client, { refused: () => true });
    const start = Date.now();
    const outcomes = await rows.read([row], { deadlineMillis: start + 150 });
    expect(outcomes).toEqual([{ kind: 'failed', reason: 'ProvisionedThroughputExceededException' }]);
    expect(Date.now() - start).toBeGreaterThanOrEqual(100);
    expect(Date.now() - start).toBeLessThan(1000);
  });

  it('asks nothing once the deadline is over', async () => {
    const { client, rows } = await newTable();
    const calls = withFaults(client, {});
    expect(await rows.read([row], { deadlineMillis: Date.now() - 1 })).toEqual([
      { kind: 'failed', reason: 'deadline exceeded' },
    ]);
    expect(calls()).toBe(0);
  });

  it('asks again for keys that one answer of 16 MB leaves unprocessed', async () => {
    const { client, rows } = await newTable();
    const calls = withFaults(client, {});
    const large = Array.from({ length: 90 }, (_, index) => ({
      ...row,
      entityKey: `large ${index}`,
      packed: String(index).padEnd(300_000, '.'),
    }));
    expect(await rows.writeNewer(large)).toEqual({ written: 90, older: 0 });
    const before = calls();
    const outcomes = await rows.read(large, { deadlineMillis: Date.now() + 30_000, consistent: true });
    expect(outcomes.map((outcome) => outcome.kind === 'found' && outcome.packed.slice(0, 2))).toEqual(
      large.map(({ packed }) => packed.slice(0, 2)),
    );
    expect(calls() - before).toBeGreaterThan(1);
  }, 120_000);

  it('goes on where one answer of 1 MB ends, when it reads an entity as a whole', async () => {
    const { client, rows } = await newTable();
    const calls = withFaults(client, { refused: (call) => call === 7 }); // after six puts and the first answer
    const large = Array.from({ length: 6 }, (_, index) => ({
      ...row,
      viewId: `large_${index}@1`,
      packed: String(index).padEnd(300_000, '.'),
    }));
    expect(await rows.writeNewer(large)).toEqual({ written: 6, older: 0 });
    const before = calls();
    const options = { deadlineMillis: Date.now() + 30_000, consistent: true, isWholeEntity: true };
    const outcomes = await rows.read(large, options);
    expect(outcomes).toEqual(large.map(({ packed }) => ({ kind: 'found', packed })));
    expect(calls() - before).toBe(3);
  }, 120_000);

  it('stores the expiry as a number of seconds, and none where there is none', async () => {
    const { client, tableName, rows } = await newTable();
    await rows.writeNewer([
      { ...row, expiresAtSeconds: 1_900_000_000 },
      { ...row, entityKey: 'b' },
    ]);
    const ttlOf = async (pk: string) => {
      const Key = { pk: { S: pk }, sk: { S: row.viewId } };
      return (await client.send(new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }))).Item?.ttl;
    };
    expect(await ttlOf('a')).toEqual({ N: '1900000000' });
    expect(await ttlOf('b')).toBeUndefined();
  });
});
