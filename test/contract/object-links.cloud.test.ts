import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { systemClock } from '#store/clock.ts';
import { s3ObjectLinks } from '#store/s3/object-links.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';

it('a link reads its object without credentials', async () => {
  const client = createS3Client();
  const bucketName = `links-${Date.now()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucketName }));
  const key = "datasets/t1/a b+(1)'.parquet";
  await new S3Objects(client, bucketName).put(key, 'rows');
  const answer = await fetch(await s3ObjectLinks(client, { bucketName, clock: systemClock })(key, 60));
  expect([answer.status, await answer.text()]).toEqual([200, 'rows']);
});
