import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type Clock, systemClock } from '../clock.ts';
import { type CoalescedRow, greatestPerAddress } from '../coalesce.ts';
import { chunked, forEachConcurrent } from '../concurrent.ts';
import type { OnlineRow, OnlineRows, ReadOptions, ReadOutcome, RowAddress, WriteCounts } from '../online-rows.ts';
import { errorName, isPassing, jitterMillis, type RetryPlan, withRetry } from '../retry.ts';
import { addressText, itemKey, toItem, toOutcome } from './online-items.ts';
import { type DynamoReads, sdkReads } from './reads.ts';

/** DynamoDB's limit of keys in one BatchGetItem. */
const batchKeys = 100;
const readRetry: RetryPlan = { attempts: Number.POSITIVE_INFINITY, baseMillis: 5, capMillis: 80 };
const writeRetry: RetryPlan = { attempts: 8, baseMillis: 25, capMillis: 3000 };

export interface DynamoOnlineRowsOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** @default - by the client */
  readonly reads?: DynamoReads;
  /** Conditional writes in flight. @default 48 */
  readonly writeConcurrency?: number;
  /** One attempt of a read is given up after this long, so that a lost packet does not cost the whole deadline. @default 500 */
  readonly attemptMillis?: number;
  readonly clock?: Clock;
}

/** The online store in DynamoDB. `client` should make one attempt (createDynamoClient({ attempts: 1 })): retries are made here. */
export class DynamoOnlineRows implements OnlineRows {
  readonly #client: DynamoDBClient;
  readonly #reads: DynamoReads;
  readonly #tableName: string;
  readonly #writeConcurrency: number;
  readonly #attemptMillis: number;
  readonly #clock: Clock;

  constructor(options: DynamoOnlineRowsOptions) {
    this.#client = options.client;
    this.#reads = options.reads ?? sdkReads(options.client);
    this.#tableName = options.tableName;
    this.#writeConcurrency = options.writeConcurrency ?? 48;
    this.#attemptMillis = options.attemptMillis ?? 500;
    this.#clock = options.clock ?? systemClock;
  }

  async read(addresses: readonly RowAddress[], options: ReadOptions): Promise<readonly ReadOutcome[]> {
    const [first, second] = addresses;
    if (!first) return [];
    if (!second) return [await this.#readOne(first, options)];
    if (options.isWholeEntity === true && addresses.every(({ entityKey }) => entityKey === first.entityKey))
      return this.#readEntity(first.entityKey, addresses, options);
    const chunks = chunked(addresses, batchKeys);
    return (await Promise.all(chunks.map((chunk) => this.#readBatch(chunk, options)))).flat();
  }

  async #readOne(address: RowAddress, options: ReadOptions): Promise<ReadOutcome> {
    let outcome: ReadOutcome | undefined;
    const reason = await this.#untilDeadline(options.deadlineMillis, async (abortSignal) => {
      const input = {
        TableName: this.#tableName,
        Key: itemKey(address),
        ProjectionExpression: 'v',
        ConsistentRead: options.consistent ?? false,
      };
      const response = await this.#reads.getItem(input, abortSignal);
      outcome = toOutcome(response.Item);
      return true;
    });
    return outcome ?? { kind: 'failed', reason };
  }

  /** Billed for the items' bytes together, not for each item rounded up: five small rows of an entity cost a fifth of five keys. */
  async #readEntity(entityKey: string, addresses: readonly RowAddress[], options: ReadOptions): Promise<ReadOutcome[]> {
    const outcomes = new Map<string, ReadOutcome>();
    const input: QueryCommandInput = {
      TableName: this.#tableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: entityKey } },
      ProjectionExpression: 'sk, v',
      ConsistentRead: options.consistent ?? false,
    };
    const reason = await this.#untilDeadline(options.deadlineMillis, async (abortSignal) => {
      const { Items: items = [], LastEvaluatedKey } = await this.#reads.query(input, abortSignal);
      for (const item of items) outcomes.set(item.sk?.S ?? '', toOutcome(item));
      input.ExclusiveStartKey = LastEvaluatedKey; // an answer holds 1 MB
      return LastEvaluatedKey === undefined;
    });
    const unread: ReadOutcome = reason === '' ? { kind: 'absent' } : { kind: 'failed', reason };
    return addresses.map(({ viewId }) => outcomes.get(viewId) ?? unread);
  }

  /** Reads at most 100 addresses; keys that DynamoDB leaves unprocessed are asked for again until the deadline. */
  async #readBatch(addresses: readonly RowAddress[], options: ReadOptions): Promise<ReadOutcome[]> {
    const outcomes = new Map<string, ReadOutcome>();
    let keys = addresses.map(itemKey);
    const reason = await this.#untilDeadline(options.deadlineMillis, async (abortSignal) => {
      const request = {
        Keys: keys,
        ProjectionExpression: 'pk, sk, v',
        ConsistentRead: options.consistent ?? false,
      };
      const response = await this.#reads.batchGetItem({ RequestItems: { [this.#tableName]: request } }, abortSignal);
      const unprocessed = response.UnprocessedKeys?.[this.#tableName]?.Keys ?? [];
      const pending = new Set(unprocessed.map(addressText));
      for (const item of response.Responses?.[this.#tableName] ?? []) outcomes.set(addressText(item), toOutcome(item));
      for (const key of keys) {
        const text = addressText(key);
        if (!pending.has(text) && !outcomes.has(text)) outcomes.set(text, { kind: 'absent' });
      }
      keys = unprocessed;
      return keys.length === 0;
    });
    return addresses.map((address) => outcomes.get(addressText(itemKey(address))) ?? { kind: 'failed', reason });
  }

  /**
   * Attempts until one says that all is done, an error is not a passing one, or the deadline is over. Returns why not all was done
   * ('' when all was).
   */
  async #untilDeadline(deadlineMillis: number, attempt: (signal: AbortSignal) => Promise<boolean>): Promise<string> {
    let reason = 'deadline exceeded';
    for (let tries = 0; ; tries++) {
      const leftMillis = deadlineMillis - this.#clock();
      if (leftMillis <= 0) return reason;
      try {
        if (await this.#attemptOnce(Math.min(leftMillis, this.#attemptMillis), attempt)) return '';
        reason = 'deadline exceeded with keys unprocessed';
      } catch (error) {
        reason = errorName(error) || 'unknown error';
        if (!isPassing(error)) return reason;
      }
      await sleep(Math.min(jitterMillis(readRetry, tries), Math.max(0, deadlineMillis - this.#clock())));
    }
  }

  /**
   * Rejects when the time is over, also where what the attempt waits for hears no signal: credentials that are being fetched. The timer is
   * cleared at once: AbortSignal.timeout would keep one per request alive until it fires.
   */
  async #attemptOnce(millis: number, attempt: (signal: AbortSignal) => Promise<boolean>): Promise<boolean> {
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        controller.abort();
        reject(Object.assign(new Error(`no answer in ${millis} ms`), { name: 'TimeoutError' }));
      }, millis);
    });
    try {
      return await Promise.race([attempt(controller.signal), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  async writeNewer(rows: readonly OnlineRow[]): Promise<WriteCounts> {
    const { greatest, older } = greatestPerAddress(rows);
    const counts = { written: 0, older };
    await forEachConcurrent(greatest, this.#writeConcurrency, async (item: CoalescedRow) => {
      const stored = await withRetry(writeRetry, () => this.#putNewer(item.row));
      counts[stored ? 'written' : 'older'] += item.copies;
    });
    return counts;
  }

  /**
   * True when the row stands now. A put whose answer was lost is repeated by the retry and then fails its own condition against itself:
   * the returned old item tells that apart from a greater row.
   */
  async #putNewer(row: OnlineRow): Promise<boolean> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: toItem(row),
          ConditionExpression: 'attribute_not_exists(pk) OR o < :o',
          ExpressionAttributeValues: { ':o': { S: row.order } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return error.Item?.o?.S === row.order && error.Item.v?.S === row.packed;
    }
  }
}
