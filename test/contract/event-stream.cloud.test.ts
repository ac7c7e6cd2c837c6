import { randomUUID } from 'node:crypto';
import {
  CreateStreamCommand,
  type KinesisClient,
  PutRecordsCommand,
  type PutRecordsCommandInput,
  type PutRecordsCommandOutput,
  UpdateShardCountCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import { createKinesisClient, KinesisEventStream } from '#store/kinesis/event-stream.ts';
import { eventStreamContract, readShard } from './event-stream-contract.ts';

const isActive = async (client: KinesisClient, StreamName: string): Promise<void> => {
  await waitUntilStreamExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StreamName });
};

const newStream = async (shards = 2) => {
  const client = createKinesisClient();
  const streamName = `contract-${randomUUID()}`;
  await client.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: shards }));
  await isActive(client, streamName);
  const putRetry = { attempts: 6, baseMillis: 1, capMillis: 5 };
  return { client, streamName, stream: new KinesisEventStream({ client, streamName, putRetry }) };
};

describe('a Kinesis stream', () => {
  eventStreamContract(async () => {
    const { client, streamName, stream } = await newStream();
    const reshard = async (): Promise<void> => {
      const TargetShardCount = 4;
      await client.send(
        new UpdateShardCountCommand({ StreamName: streamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' }),
      );
      await isActive(client, streamName);
    };
    return { stream, reshard };
  });

  /** Refuses records as a busy shard does: every request puts only those of it that `takes` says. */
  function refuseSome(client: KinesisClient, takes: (index: number, request: number) => boolean): () => number[] {
    const sizes: number[] = [];
    const send = client.send.bind(client);
    client.send = async (command: unknown): Promise<never> => {
      if (!(command instanceof PutRecordsCommand)) return (await send(command as never)) as never; // any other command
      const input: PutRecordsCommandInput = command.input;
      const records = input.Records ?? [];
      const request = sizes.push(records.length) - 1;
      const taken = records.filter((_, index) => takes(index, request));
      const answer: PutRecordsCommandOutput | undefined =
        taken.length > 0 ? await send(new PutRecordsCommand({ ...input, Records: taken })) : undefined;
      let position = 0;
      const Records = records.map((_, index) =>
        takes(index, request)
          ? answer?.Records?.[position++]
          : { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' },
      );
      return { ...answer, Records } as never; // what the real client would have answered
    };
    return () => sizes;
  }

  it('puts again only the records that were refused, and says which one stands where', async () => {
    const { client, stream } = await newStream(1);
    const sizes = refuseSome(client, (index, request) => request === 2 || index % 3 === 0);
    const records = Array.from({ length: 9 }, (_, index) => ({
      partitionKey: 'k',
      data: Buffer.from(`event ${index}`),
    }));
    const outcomes = await stream.put(records);
    expect(sizes()).toEqual([9, 6, 4]);
    const [shard = ''] = await stream.shards();
    const found = new Map(
      (await readShard(stream, shard)).map((record) => [record.sequence, Buffer.from(record.data).toString()]),
    );
    expect(outcomes.map((outcome) => outcome.kind === 'put' && found.get(outcome.sequence))).toEqual(
      records.map(({ data }) => data.toString()),
    );
    expect(found.size).toBe(9);
  });

  it('gives up on what is refused again and again, each record on its own', async () => {
    const { client, stream } = await newStream(1);
    const sizes = refuseSome(client, (index) => index > 0);
    const outcomes = await stream.put(
      [0, 1, 2].map((index) => ({ partitionKey: 'k', data: Buffer.from(`event ${index}`) })),
    );
    expect(sizes()).toEqual([3, 1, 1, 1, 1, 1]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'put', 'put']);
    expect(outcomes[0]).toMatchObject({ reason: expect.stringContaining('Rate exceeded') });
  });

  it('refuses a record beyond 1 MiB before anything is put', async () => {
    const { stream } = await newStream(1);
    const record = (bytes: number) => ({ partitionKey: 'key', data: new Uint8Array(bytes) });
    await expect(stream.put([record(10), record(2 ** 20 - 2)])).rejects.toMatchObject({ code: 'store.recordTooLarge' });
    const [shard = ''] = await stream.shards();
    expect(await readShard(stream, shard)).toEqual([]);
    expect((await stream.put([record(2 ** 20 - 3)])).map(({ kind }) => kind)).toEqual(['put']);
  });
});
