import { type DynamoDBClient, GetItemCommand, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoWindowItems } from '#store/dynamodb/window-items.ts';
import { createTable } from './cloud-table.ts';
import { withFaults } from './faults.ts';
import { windowItemOf, windowItemsContract } from './window-items-contract.ts';

const newTable = async () => {
  const client = createDynamoClient({ attempts: 1 });
  const tableName = await createTable(client);
  return { client, tableName, items: new DynamoWindowItems({ client, tableName }) };
};
const pair = [windowItemOf('a', 1), windowItemOf('a', 1, { viewId: 'rides@1/closed' })] as const;

/** Fails the first `times` calls of a command as a transaction that met another one. */
function cancelled(client: DynamoDBClient, codes: readonly string[], times: number): () => number {
  let calls = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      if (calls++ >= times) return next(args);
      throw new TransactionCanceledException({
        message: 'cancelled',
        $metadata: {},
        CancellationReasons: codes.map((Code) => ({ Code })),
      });
    },
    { step: 'build', name: 'cancelled' },
  );
  return () => calls;
}

describe('window items in DynamoDB', () => {
  windowItemsContract(async () => (await newTable()).items);

  describe('with calls that are refused or whose answers are lost', () => {
    windowItemsContract(async () => {
      const { client, items } = await newTable();
      withFaults(client, { refused: (call) => call % 3 === 0, lost: (call) => call % 4 === 1, mostPerRequest: 4 });
      return items;
    });
  });

  it('knows a write whose answer was lost for its own', async () => {
    const { client, items } = await newTable();
    const calls = withFaults(client, { lost: (call) => call === 0 || call === 2 });
    expect(await items.write(windowItemOf('a', 1))).toEqual({ kind: 'written' });
    expect(await items.write(windowItemOf('a', 2))).toEqual({ kind: 'written' });
    expect(calls()).toBe(4);
  });

  it('knows a transaction whose answer was lost for its own', async () => {
    const { client, items } = await newTable();
    const calls = withFaults(client, { lost: (call) => call === 0 });
    expect(await items.writeBoth(pair)).toEqual({ kind: 'written' });
    expect(calls()).toBe(2);
  });

  it('tries a transaction again that met another one or was throttled', async () => {
    const { client, items } = await newTable();
    const calls = cancelled(client, ['TransactionConflict', 'ThrottlingError'], 3);
    expect(await items.writeBoth(pair)).toEqual({ kind: 'written' });
    expect(calls()).toBe(4);
  });

  it('rejects a transaction that no retry cures, at once', async () => {
    const { client, items } = await newTable();
    const calls = cancelled(client, ['ValidationError', 'None'], 3);
    await expect(items.writeBoth(pair)).rejects.toThrow('cancelled');
    expect(calls()).toBe(1);
  });

  it('rejects when a write is refused eight times', async () => {
    const { client, items } = await newTable();
    const calls = withFaults(client, { refused: () => true });
    await expect(items.write(pair[0])).rejects.toThrow('ProvisionedThroughputExceededException');
    expect(calls()).toBe(8);
  }, 60_000);

  it('asks again for keys that one answer of 16 MB leaves unprocessed', async () => {
    const { client, items } = await newTable();
    const large = Array.from({ length: 90 }, (_, index) =>
      windowItemOf(`large ${index}`, 1, { packed: String(index).padEnd(300_000, '.') }),
    );
    await Promise.all(large.map((item) => items.write(item)));
    const calls = withFaults(client, {});
    expect(await items.read(large)).toEqual(large);
    expect(calls()).toBeGreaterThan(1);
  }, 120_000);

  it('keeps state, progress, revision and expiry in one-letter attributes and ttl', async () => {
    const { client, tableName, items } = await newTable();
    const item = windowItemOf('a', 1);
    await items.write(item);
    const Key = { pk: { S: 'a' }, sk: { S: 'rides@1' } };
    expect((await client.send(new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }))).Item).toEqual({
      ...Key,
      v: { S: item.packed },
      q: { S: item.progress },
      r: { N: '1' },
      ttl: { N: '1900000001' },
    });
  });
});
