import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { recordPartition } from '#spec/layout.ts';
import { parseRecordBody } from '../record-body.ts';
import type { JobRecord, Records } from '../records.ts';

/** Records are items `record#<group>` of the jobs table; the body is JSON text, so that no attribute type narrows it. */
export class DynamoRecords implements Records {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.#client = client;
    this.#tableName = tableName;
  }

  async put(record: JobRecord): Promise<void> {
    const Item = { ...recordKey(record.group, record.sort), body: { S: JSON.stringify(record.body) } };
    await this.#client.send(new PutItemCommand({ TableName: this.#tableName, Item }));
  }

  async get(group: string, sort: string): Promise<JobRecord | undefined> {
    const command = new GetItemCommand({
      TableName: this.#tableName,
      Key: recordKey(group, sort),
      ConsistentRead: true,
    });
    const { Item } = await this.#client.send(command);
    return Item && toRecord(group, Item);
  }

  async list(group: string, limit: number): Promise<readonly JobRecord[]> {
    const records: JobRecord[] = [];
    let from: Record<string, AttributeValue> | undefined;
    while (records.length < limit) {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#tableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: recordKey(group, '').pk.S } },
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: limit - records.length,
          ExclusiveStartKey: from,
        }),
      );
      records.push(...(page.Items ?? []).map((item) => toRecord(group, item)));
      from = page.LastEvaluatedKey;
      if (!from) break;
    }
    return records;
  }
}

const recordKey = (group: string, sort: string): { pk: { S: string }; sk: { S: string } } => ({
  pk: { S: recordPartition(group) },
  sk: { S: sort },
});

const toRecord = (group: string, item: Record<string, AttributeValue>): JobRecord => ({
  group,
  sort: item.sk?.S ?? '',
  body: parseRecordBody(item.body?.S ?? ''),
});
