import { describe } from 'vitest';
import { createDynamoClient } from '#store/dynamodb/client.ts';
import { DynamoRecords } from '#store/dynamodb/records.ts';
import { createTable } from './cloud-table.ts';
import { recordsContract } from './records-contract.ts';

describe('records in DynamoDB', () =>
  recordsContract(async () => {
    const client = createDynamoClient();
    return new DynamoRecords(client, await createTable(client));
  }));
