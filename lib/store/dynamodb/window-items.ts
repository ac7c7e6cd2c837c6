import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { TidemarkError } from '#spec/errors.ts';
import { chunked, forEachConcurrent } from '../concurrent.ts';
import type { RowAddress } from '../online-rows.ts';
import { jitterMillis, type RetryPlan, withRetry } from '../retry.ts';
import type { WindowItem, WindowItems, WindowWrite } from '../window-items.ts';
import { addressText, itemKey } from './online-items.ts';

/** DynamoDB's limit of keys in one BatchGetItem. */
const batchKeys = 100;
/** An answer holds at most 16 MB: this many batches of great items are in memory at once. */
const readConcurrency = 8;
const retry: RetryPlan = { attempts: 8, baseMillis: 25, capMillis: 3000 };

export interface DynamoWindowItemsOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

type Item = Record<string, AttributeValue>;

/**
 * Window items in the online table: v (packed), q (progress), r (revision), ttl (epoch seconds). `client` should make one attempt
 * (createDynamoClient({ attempts: 1 })): throttling, conflicts of transactions and broken connections are retried here, with jitter. Calls
 * in flight are bounded by the caller.
 */
export class DynamoWindowItems implements WindowItems {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor(options: DynamoWindowItemsOptions) {
    this.#client = options.client;
    this.#tableName = options.tableName;
  }

  async read(addresses: readonly RowAddress[]): Promise<readonly (WindowItem | undefined)[]> {
    const found = new Map<string, WindowItem>();
    await forEachConcurrent(chunked(addresses, batchKeys), readConcurrency, (chunk) => this.#readBatch(chunk, found));
    return addresses.map((address) => found.get(addressText(itemKey(address))));
  }

  /** Keys that an answer leaves unprocessed are asked for again: without end while answers bring items, else as often as `retry` says. */
  async #readBatch(addresses: readonly RowAddress[], found: Map<string, WindowItem>): Promise<void> {
    let keys = addresses.map(itemKey);
    for (let idle = 0; keys.length > 0; ) {
      const request = { Keys: keys, ConsistentRead: true };
      const response = await withRetry(retry, () =>
        this.#client.send(new BatchGetItemCommand({ RequestItems: { [this.#tableName]: request } })),
      );
      const unprocessed = response.UnprocessedKeys?.[this.#tableName]?.Keys ?? [];
      for (const item of response.Responses?.[this.#tableName] ?? []) found.set(addressText(item), toWindowItem(item));
      idle = unprocessed.length < keys.length ? 0 : idle + 1;
      if (idle >= retry.attempts)
        throw new TidemarkError(
          'store.unprocessedKeys',
          `${keys.length} keys stay unprocessed; the table is overloaded`,
          {
            kind: 'unavailable',
          },
        );
      if (idle > 0) await sleep(jitterMillis(retry, idle));
      keys = unprocessed;
    }
  }

  write(item: WindowItem): Promise<WindowWrite> {
    return withRetry(retry, async () => {
      try {
        await this.#client.send(new PutItemCommand(this.#put(item)));
        return { kind: 'written' };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return outcome([item], error.Item && toWindowItem(error.Item));
      }
    });
  }

  writeBoth(items: readonly [WindowItem, WindowItem]): Promise<WindowWrite> {
    // One token for all attempts: DynamoDB answers a repeated transaction as it answered the first.
    const transaction = new TransactWriteItemsCommand({
      TransactItems: items.map((item) => ({ Put: this.#put(item) })),
      ClientRequestToken: randomUUID(),
    });
    return withRetry(retry, async () => {
      try {
        await this.#client.send(transaction);
        return { kind: 'written' };
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const reasons = error.CancellationReasons ?? [];
        if (!reasons.some(({ Code }) => Code === conditionFailed)) throw toPassing(error);
        const first = reasons[0]?.Code === conditionFailed ? reasons[0].Item : undefined;
        if (first) return outcome(items, toWindowItem(first));
        return outcome(items, (await this.read([items[0]]))[0]);
      }
    });
  }

  #put(item: WindowItem) {
    const Item = {
      ...itemKey(item),
      v: { S: item.packed },
      q: { S: item.progress },
      r: { N: String(item.revision) },
      ttl: { N: String(item.expiresAtSeconds) },
    };
    const condition =
      item.revision === 1
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'r = :r', ExpressionAttributeValues: { ':r': { N: String(item.revision - 1) } } };
    return {
      TableName: this.#tableName,
      Item,
      ...condition,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const, // as the SDK's union has it, not string
    };
  }
}

const conditionFailed = 'ConditionalCheckFailed';
/** Reasons why a transaction is cancelled that pass: another transaction on an item, or load. */
const passingReasons = new Set(['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/** The cancelled transaction under a name that is retried, where every reason of it passes. */
function toPassing(error: TransactionCanceledException): Error {
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None');
  if (codes.length === 0 || !codes.every((code) => passingReasons.has(code))) return error;
  return Object.assign(new Error(error.message, { cause: error }), { name: 'ThrottlingException' });
}

/**
 * A failed condition of a put whose first answer was lost: what stands is what was to be written, so it is. (Another consumer that wrote the
 * same text had the same effect.)
 */
function outcome(items: readonly WindowItem[], found: WindowItem | undefined): WindowWrite {
  const [first] = items;
  const isOwn =
    items.length === 1 &&
    first?.revision === found?.revision &&
    first?.packed === found?.packed &&
    first?.progress === found?.progress;
  return isOwn ? { kind: 'written' } : { kind: 'conflict', found };
}

function toWindowItem(item: Item): WindowItem {
  const [packed, progress, revision] = [item.v?.S, item.q?.S, Number(item.r?.N)];
  const [entityKey = '', viewId = ''] = [item.pk?.S, item.sk?.S];
  if (packed === undefined || progress === undefined || !Number.isInteger(revision))
    throw new TidemarkError('store.windowItemUnreadable', `an item of ${viewId} has no state, progress or revision`, {
      kind: 'failed',
    });
  return { entityKey, viewId, packed, progress, revision, expiresAtSeconds: Number(item.ttl?.N ?? 0) };
}
