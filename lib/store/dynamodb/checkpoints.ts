import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  paginateQuery,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { TidemarkError } from '#spec/errors.ts';
import type { Checkpoint, Checkpoints } from '../checkpoints.ts';

/** Checkpoints are items `checkpoint#<group>` of the jobs table, one per shard: consumers of different shards never meet. */
export class DynamoCheckpoints implements Checkpoints {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#client = client;
    this.#tableName = tableName;
  }

  async read(group: string): Promise<ReadonlyMap<string, Checkpoint>> {
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#tableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: groupKey(group) } },
        ConsistentRead: true,
      },
    );
    const checkpoints = new Map<string, Checkpoint>();
    for await (const { Items = [] } of pages)
      for (const item of Items) checkpoints.set(item.sk?.S ?? '', toCheckpoint(group, item));
    return checkpoints;
  }

  async advance(group: string, shard: string, to: Checkpoint): Promise<Checkpoint> {
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: { pk: { S: groupKey(group) }, sk: { S: shard } },
          UpdateExpression: 'SET #sequence = :sequence, #arrival = :arrival',
          ConditionExpression: 'attribute_not_exists(#sequence) OR #sequence < :sequence',
          ExpressionAttributeNames: { '#sequence': 'sequence', '#arrival': 'arrival' },
          ExpressionAttributeValues: { ':sequence': { S: to.sequence }, ':arrival': { N: String(to.arrivalMillis) } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return to;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return toCheckpoint(group, error.Item ?? {});
    }
  }
}

const groupKey = (group: string): string => `checkpoint#${group}`;

function toCheckpoint(group: string, item: Record<string, AttributeValue>): Checkpoint {
  const [sequence, arrivalMillis] = [item.sequence?.S, Number(item.arrival?.N)];
  if (sequence !== undefined && Number.isInteger(arrivalMillis)) return { sequence, arrivalMillis };
  throw new TidemarkError('store.checkpointUnreadable', `a checkpoint of ${group} has no sequence or arrival`, {
    kind: 'failed',
  });
}
