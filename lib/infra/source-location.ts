import { objectKeys } from '#spec/layout.ts';

/** A folder of a bucket; `prefix` has no leading slash and ends with one, or is empty (the whole bucket). */
export interface Folder {
  readonly bucketName: string;
  readonly prefix: string;
}

/** Parquet files: a source, or the history of a stream source. */
export interface ParquetFiles {
  readonly location: string;
}

/** Where a source's files are: under the deployment's own bucket, or in a bucket that `location` names by s3:// URI. */
export function sourceFolder(source: ParquetFiles, ownBucketName: string): Folder {
  const external = /^s3:\/\/([^/]+)\/?(.*)$/.exec(source.location);
  if (!external) return { bucketName: ownBucketName, prefix: objectKeys.source(source.location) };
  const [, bucketName = '', path = ''] = external;
  return { bucketName, prefix: path === '' || path.endsWith('/') ? path : `${path}/` };
}

/** True when the source lies in a bucket that this deployment does not own. */
export const isExternal = (source: ParquetFiles): boolean => source.location.startsWith('s3://');

export const folderUri = ({ bucketName, prefix }: Folder): string => `s3://${bucketName}/${prefix}`;
