import { randomUUID } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import { objectsContract } from './objects-contract.ts';

const newBucket = async () => {
  const client = createS3Client();
  const Bucket = `contract-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return { client, objects: new S3Objects(client, Bucket) };
};

/** The first put of the client is done, but its answer is lost, so that the SDK sends it again. */
function loseFirstAnswer(client: ReturnType<typeof createS3Client>): void {
  let lost = false;
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (lost) return result;
      lost = true;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
    },
    { step: 'deserialize', name: 'lost', priority: 'low' },
  );
}

describe('objects in S3', () => {
  objectsContract(async () => (await newBucket()).objects);

  it('takes a conditional put for done whose first answer was lost', async () => {
    const { client, objects } = await newBucket();
    loseFirstAnswer(client);
    expect(await objects.put('state', 'mine', { ifAbsent: true })).toBeTruthy();
  });

  it("does not take another writer's object for its own after a lost answer", async () => {
    const { client, objects } = await newBucket();
    await objects.put('state', 'theirs');
    loseFirstAnswer(client);
    expect(await objects.put('state', 'mine', { ifAbsent: true })).toBeUndefined();
  });
});
