import { afterEach, describe, expect, it, vi } from 'vitest';
import { s3ObjectLinks } from '#store/s3/object-links.ts';
import { createS3Client } from '#store/s3/objects.ts';
import { presignedGet } from '#store/s3/presign.ts';

// The example of "Authenticating Requests: Using Query Parameters" in the API reference of Amazon S3.
const example = {
  url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  nowMillis: Date.UTC(2013, 4, 24),
  validSeconds: 86_400,
};

describe('presignedGet', () => {
  it('signs the example of the S3 reference', () => {
    expect(presignedGet(example)).toBe(
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });

  it('signs the session token of temporary credentials', () => {
    const link = presignedGet({ ...example, credentials: { ...example.credentials, sessionToken: 'a/b+c=' } });
    expect(link).toContain('&X-Amz-Security-Token=a%2Fb%2Bc%3D&X-Amz-SignedHeaders=host&');
    expect(link).not.toContain('aeeed9bbccd4d02e');
  });
});

describe('s3ObjectLinks', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ["the region's endpoint", undefined, 'https://s3.eu-central-1.amazonaws.com/bucket/datasets/t1/p.parquet?X-Amz-'],
    ['a set endpoint', 'http://127.0.0.1:4566', 'http://127.0.0.1:4566/bucket/datasets/t1/p.parquet?X-Amz-'],
  ])('links by %s', async (_, endpoint, start) => {
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    // other suites of a whole run set it
    vi.stubEnv('AWS_ENDPOINT_URL_S3', undefined);
    vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
    const linkTo = s3ObjectLinks(createS3Client(), { bucketName: 'bucket', clock: () => example.nowMillis });
    const link = await linkTo('datasets/t1/p.parquet', 3600);
    expect(link.startsWith(start), link).toBe(true);
    expect(link).toContain('X-Amz-Expires=3600');
    expect(await linkTo("datasets/a b/+'(1).parquet", 3600)).toContain('/datasets/a%20b/%2B%27%281%29.parquet?X-Amz-');
  });
});
