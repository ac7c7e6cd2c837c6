import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { TidemarkError } from '#spec/errors.ts';
import type { Lease, Locks } from '../locks.ts';

type Item = Record<string, AttributeValue> | undefined;

/** Locks are items `lock#<name>` of the jobs table. Freed locks stay without an owner: their fence must not start again. */
export class DynamoLocks implements Locks {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#client = client;
    this.#tableName = tableName;
  }

  async acquire(name: string, owner: string): Promise<{ acquired: boolean; lease: Lease }> {
    const changed = await this.#update(name, {
      UpdateExpression: 'SET #owner = :owner ADD fence :one',
      ConditionExpression: 'attribute_not_exists(#owner)',
      ExpressionAttributeValues: { ':owner': { S: owner }, ':one': { N: '1' } },
    });
    const lease = toLease(name, changed.item);
    // A repeated acquisition, also one whose first answer was lost, finds its own lease.
    return { acquired: changed.done || lease.owner === owner, lease };
  }

  async takeOver(stale: Lease, owner: string): Promise<Lease | undefined> {
    const changed = await this.#update(stale.name, {
      UpdateExpression: 'SET #owner = :owner ADD fence :one',
      ConditionExpression: '#owner = :stale AND fence = :fence',
      ExpressionAttributeValues: { ':owner': { S: owner }, ':one': { N: '1' }, ...leaseValues(stale) },
    });
    if (changed.done) return toLease(stale.name, changed.item);
    // A take-over whose answer was lost and that the client repeated: the next fence is already this owner's.
    const present = changed.item ? toLease(stale.name, changed.item) : undefined;
    return present?.owner === owner && present.fence === stale.fence + 1 ? present : undefined;
  }

  async holds(lease: Lease): Promise<boolean> {
    const command = new GetItemCommand({ TableName: this.#tableName, Key: lockKey(lease.name), ConsistentRead: true });
    const { Item } = await this.#client.send(command);
    return Item?.owner?.S === lease.owner && Number(Item.fence?.N) === lease.fence;
  }

  async release(lease: Lease): Promise<void> {
    await this.#update(lease.name, {
      UpdateExpression: 'REMOVE #owner',
      ConditionExpression: '#owner = :stale AND fence = :fence',
      ExpressionAttributeValues: leaseValues(lease),
    });
  }

  /** `done` with the new item, or the present item where the condition failed. */
  async #update(name: string, change: Partial<UpdateItemCommandInput>): Promise<{ done: boolean; item: Item }> {
    try {
      const command = new UpdateItemCommand({
        TableName: this.#tableName,
        Key: lockKey(name),
        ExpressionAttributeNames: { '#owner': 'owner' },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        ...change,
      });
      return { done: true, item: (await this.#client.send(command)).Attributes };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { done: false, item: error.Item };
    }
  }
}

const lockKey = (name: string): Record<string, AttributeValue> => ({ pk: { S: `lock#${name}` }, sk: { S: 'lock' } });

const leaseValues = (lease: Lease): Record<string, AttributeValue> => ({
  ':stale': { S: lease.owner },
  ':fence': { N: String(lease.fence) },
});

function toLease(name: string, item: Item): Lease {
  const [owner, fence] = [item?.owner?.S, Number(item?.fence?.N)];
  if (owner === undefined || !Number.isInteger(fence))
    throw new TidemarkError('store.lockUnreadable', `lock ${name} has no owner or fence`, { kind: 'failed' });
  return { name, owner, fence };
}
