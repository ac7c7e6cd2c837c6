import { setTimeout as sleep } from 'node:timers/promises';
import {
  type _Record,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsRequestEntry,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { sequenceText } from '#semantics/stream/sequence.ts';
import { TidemarkError } from '#spec/errors.ts';
import {
  type EventStream,
  maximumRecordBytes,
  type NewRecord,
  type PutOutcome,
  type ShardPage,
  type StreamRecord,
} from '../event-stream.ts';
import { errorName, isPassing, jitterMillis, type RetryPlan, withRetry } from '../retry.ts';

/** Kinesis' limits of one PutRecords. */
const putRecordsLimit = 500;
const putBytesLimit = 5 * 1024 * 1024;

export interface KinesisStreamOptions {
  readonly client: KinesisClient;
  readonly streamName: string;
  /** Of records that Kinesis has refused for the moment. @default 6 attempts within about 5 s */
  readonly putRetry?: RetryPlan;
  /** Of reads, of which a shard answers five a second. @default 10 attempts within about 10 s */
  readonly readRetry?: RetryPlan;
}

/**
 * The Kinesis client of all adapters. HTTP/1.1 as everywhere else: over HTTP/2, the client's own default, one connection carries one request
 * anyway, and the gateway of the local cloud breaks off requests of some megabytes. `requestMillis` ends a request that gets no answer.
 */
export const createKinesisClient = ({ requestMillis }: { readonly requestMillis?: number } = {}): KinesisClient => {
  const agent = { keepAlive: true, maxSockets: 64 };
  return new KinesisClient({
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      httpAgent: agent,
      httpsAgent: agent,
      ...(requestMillis === undefined ? {} : { requestTimeout: requestMillis, throwOnRequestTimeout: true }),
    }),
  });
};

/** One Kinesis stream. */
export class KinesisEventStream implements EventStream {
  readonly #client: KinesisClient;
  readonly #streamName: string;
  readonly #putRetry: RetryPlan;
  readonly #readRetry: RetryPlan;

  constructor(options: KinesisStreamOptions) {
    this.#client = options.client;
    this.#streamName = options.streamName;
    this.#putRetry = options.putRetry ?? { attempts: 6, baseMillis: 100, capMillis: 2_000 };
    this.#readRetry = options.readRetry ?? { attempts: 10, baseMillis: 200, capMillis: 2_000 };
  }

  /** Throws store.recordTooLarge, before anything is put, for a record beyond 1 MiB with its key. */
  async put(records: readonly NewRecord[]): Promise<readonly PutOutcome[]> {
    const outcomes: PutOutcome[] = [];
    for (const chunk of putChunks(records)) outcomes.push(...(await this.#putChunk(chunk)));
    return outcomes;
  }

  /** Records of a key are retried after others of their chunk stand: only a later call is sure to come after an earlier one. */
  async #putChunk(records: readonly NewRecord[]): Promise<PutOutcome[]> {
    const outcomes: PutOutcome[] = records.map(() => ({ kind: 'failed', reason: 'not tried' }));
    let waiting = records.map((_, index) => index);
    for (let attempt = 0; ; attempt++) {
      const tried = await this.#tryPut(waiting.flatMap((index) => records[index] ?? []));
      for (const [position, index] of waiting.entries()) {
        const outcome = tried[position];
        if (outcome) outcomes[index] = outcome;
      }
      waiting = waiting.filter((index) => outcomes[index]?.kind === 'failed');
      if (waiting.length === 0 || attempt + 1 >= this.#putRetry.attempts) return outcomes;
      await sleep(jitterMillis(this.#putRetry, attempt));
    }
  }

  async #tryPut(records: readonly NewRecord[]): Promise<PutOutcome[]> {
    const entry = ({ partitionKey, data }: NewRecord): PutRecordsRequestEntry => ({
      PartitionKey: partitionKey,
      Data: data,
    });
    try {
      const command = new PutRecordsCommand({ StreamName: this.#streamName, Records: records.map(entry) });
      const { Records = [] } = await this.#client.send(command);
      return records.map((_, index) => {
        const { ShardId, SequenceNumber, ErrorCode, ErrorMessage } = Records[index] ?? {};
        if (ShardId !== undefined && SequenceNumber !== undefined)
          return { kind: 'put', shard: ShardId, sequence: sequenceText(SequenceNumber) };
        return { kind: 'failed', reason: `${ErrorCode ?? 'no answer'}: ${ErrorMessage ?? ''}` };
      });
    } catch (error) {
      if (!isPassing(error)) throw error;
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return records.map(() => ({ kind: 'failed', reason }));
    }
  }

  async shards(): Promise<readonly string[]> {
    const ids: string[] = [];
    let token: string | undefined;
    do {
      const page = token === undefined ? { StreamName: this.#streamName } : { NextToken: token };
      const answer = await this.#retried(() => this.#client.send(new ListShardsCommand(page)));
      ids.push(...(answer.Shards ?? []).flatMap(({ ShardId }) => ShardId ?? []));
      token = answer.NextToken;
    } while (token !== undefined);
    return ids.sort();
  }

  /**
   * Kinesis may answer with nothing although more follows: then the next iterator is asked, up to the end of the shard. A position that is
   * older than what is kept may have no iterator any more: then the oldest record has.
   */
  async read(shard: string, afterSequence?: string): Promise<ShardPage> {
    let iterator = await this.#iterator(shard, afterSequence);
    while (iterator !== undefined) {
      const ShardIterator = iterator;
      const page: GetRecordsCommandOutput = await this.#retried(() =>
        this.#client.send(new GetRecordsCommand({ ShardIterator })),
      );
      const records = (page.Records ?? [])
        .map((record) => toStreamRecord(shard, record))
        .filter(({ sequence }) => afterSequence === undefined || sequence > afterSequence);
      iterator = page.NextShardIterator;
      const isAtEnd = iterator === undefined || page.MillisBehindLatest === 0;
      if (records.length > 0 || isAtEnd) return { records, isAtEnd };
    }
    return { records: [], isAtEnd: true };
  }

  async #iterator(shard: string, afterSequence: string | undefined): Promise<string | undefined> {
    const from =
      afterSequence === undefined
        ? ({ ShardIteratorType: 'TRIM_HORIZON' } as const)
        : ({
            ShardIteratorType: 'AFTER_SEQUENCE_NUMBER',
            StartingSequenceNumber: BigInt(afterSequence).toString(), // without the padding
          } as const);
    const command = new GetShardIteratorCommand({ StreamName: this.#streamName, ShardId: shard, ...from });
    try {
      return (await this.#retried(() => this.#client.send(command))).ShardIterator;
    } catch (error) {
      const mayBeTrimmed = ['InvalidArgumentException', 'ResourceNotFoundException'].includes(errorName(error));
      if (afterSequence === undefined || !mayBeTrimmed) throw error;
      return this.#iterator(shard, undefined);
    }
  }

  #retried<TResult>(call: () => Promise<TResult>): Promise<TResult> {
    return withRetry(this.#readRetry, call);
  }
}

/** Runs of records, in order, that one PutRecords takes. */
function putChunks(records: readonly NewRecord[]): NewRecord[][] {
  const chunks: NewRecord[][] = [];
  let chunk: NewRecord[] = [];
  let chunkBytes = 0;
  for (const [index, record] of records.entries()) {
    const bytes = record.data.length + Buffer.byteLength(record.partitionKey);
    if (bytes > maximumRecordBytes)
      throw new TidemarkError(
        'store.recordTooLarge',
        `record ${index} takes ${bytes} bytes with its key; a stream takes at most ${maximumRecordBytes}; shorten it`,
        { details: { index, bytes, allowed: maximumRecordBytes } },
      );
    if (chunk.length === putRecordsLimit || chunkBytes + bytes > putBytesLimit) {
      chunks.push(chunk);
      [chunk, chunkBytes] = [[], 0];
    }
    chunk.push(record);
    chunkBytes += bytes;
  }
  return chunk.length > 0 ? [...chunks, chunk] : chunks;
}

const toStreamRecord = (shard: string, record: _Record): StreamRecord => ({
  shard,
  sequence: sequenceText(record.SequenceNumber ?? ''),
  arrivalMillis: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
  data: record.Data ?? new Uint8Array(0),
});
