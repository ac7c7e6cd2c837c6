import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { TidemarkError } from '#spec/errors.ts';
import type { Clock } from '../clock.ts';
import type { ObjectLink } from '../object-links.ts';
import { presignedGet } from './presign.ts';

/** Links to the objects of one bucket, signed with the client's own credentials: they can read what those may. */
export const s3ObjectLinks =
  (client: S3Client, { bucketName, clock }: { readonly bucketName: string; readonly clock: Clock }): ObjectLink =>
  async (key, validSeconds) => {
    const url = await urlOf(client, new GetObjectCommand({ Bucket: bucketName, Key: key }));
    const [region, credentials] = [await client.config.region(), await client.config.credentials()];
    return presignedGet({ url, region, credentials, nowMillis: clock(), validSeconds });
  };

/** Where the client would send a command: its request is built, with the endpoint that is set for it or the region's, and not sent. */
async function urlOf(client: S3Client, command: GetObjectCommand): Promise<URL> {
  let url: URL | undefined;
  command.middlewareStack.add(
    () =>
      async ({ request }) => {
        url = urlOfRequest(request);
        return { output: { $metadata: {} }, response: undefined };
      },
    { step: 'build', name: 'keepUrl' },
  );
  await client.send(command);
  if (url) return url;
  throw new TidemarkError('store.noEndpoint', 'the S3 client built a request without an address', { kind: 'failed' });
}

function urlOfRequest(request: unknown): URL | undefined {
  if (typeof request !== 'object' || request === null) return undefined;
  if (!('protocol' in request && 'hostname' in request && 'path' in request)) return undefined;
  const port = 'port' in request && request.port !== undefined ? `:${String(request.port)}` : '';
  return new URL(`${String(request.protocol)}//${String(request.hostname)}${port}${String(request.path)}`);
}
