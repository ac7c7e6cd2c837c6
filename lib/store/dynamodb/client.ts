import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/**
 * Without `info` the SDK does not copy every response through its log-redaction filter, which it does even with its silent default
 * logger and which is half of the client's CPU in reads of 100 items. The rest is silent: our own logs carry what failed.
 */
const leanLogger = { trace: () => {}, debug: () => {}, warn: () => {}, error: () => {} };

export interface DynamoClientOptions {
  /** Attempts of the SDK per call. 1 where the adapter retries by itself (DynamoOnlineRows). @default 3 */
  readonly attempts?: number;
  /** Sockets kept alive to the endpoint; no more than the calls in flight are opened. @default 128 */
  readonly maxSockets?: number;
  /** Milliseconds to wait for a connection, then for a response. @default 2000 each */
  readonly timeoutMillis?: number;
}

/** The DynamoDB client of all adapters. Endpoint, region and credentials come from the environment. */
export function createDynamoClient(options: DynamoClientOptions = {}): DynamoDBClient {
  const agent = { keepAlive: true, maxSockets: options.maxSockets ?? 128 };
  const timeoutMillis = options.timeoutMillis ?? 2000;
  return new DynamoDBClient({
    maxAttempts: options.attempts ?? 3,
    // The type demands `info`; the SDK calls it as `logger?.info?.()`.
    logger: leanLogger as unknown as NonNullable<DynamoDBClientConfig['logger']>,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: timeoutMillis,
      requestTimeout: timeoutMillis,
      throwOnRequestTimeout: true,
    },
  });
}
