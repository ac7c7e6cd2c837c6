import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  type BatchGetItemCommandOutput,
  type DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  type GetItemCommandOutput,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';

/** The reads of DynamoDB that serving makes: one attempt each, in the SDK's shapes. Rejects as the SDK does, with the fault's name. */
export interface DynamoReads {
  getItem(input: GetItemCommandInput, signal: AbortSignal): Promise<Pick<GetItemCommandOutput, 'Item'>>;
  batchGetItem(
    input: BatchGetItemCommandInput,
    signal: AbortSignal,
  ): Promise<Pick<BatchGetItemCommandOutput, 'Responses' | 'UnprocessedKeys'>>;
  query(input: QueryCommandInput, signal: AbortSignal): Promise<Pick<QueryCommandOutput, 'Items' | 'LastEvaluatedKey'>>;
}

/** Reads by the SDK itself. */
export const sdkReads = (client: DynamoDBClient): DynamoReads => ({
  getItem: (input, abortSignal) => client.send(new GetItemCommand(input), { abortSignal }),
  batchGetItem: (input, abortSignal) => client.send(new BatchGetItemCommand(input), { abortSignal }),
  query: (input, abortSignal) => client.send(new QueryCommand(input), { abortSignal }),
});
