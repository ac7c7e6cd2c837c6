import { objectKeys } from '#spec/layout.ts';
import type { Objects } from '#store/objects.ts';

interface Buckets {
  /** The deployment's bucket. */
  readonly objects: Objects;
  /** Any other bucket that a source lies in. */
  readonly openBucket: (bucket: string) => Objects;
}

/** Where the Parquet files of a location are: in the deployment's bucket, or in one that the location names by s3:// URI. */
export function sourceFolder(
  { objects, openBucket }: Buckets,
  location: string,
): { readonly objects: Objects; readonly prefix: string; readonly isElsewhere: boolean } {
  const elsewhere = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location);
  if (!elsewhere) return { objects, prefix: objectKeys.source(location), isElsewhere: false };
  const [, bucket = '', path = ''] = elsewhere;
  return {
    objects: openBucket(bucket),
    prefix: path === '' || path.endsWith('/') ? path : `${path}/`,
    isElsewhere: true,
  };
}
