import { text } from './text.ts';

/** UNLOAD of a SELECT as Snappy Parquet into an empty folder; partition columns must come last in the SELECT. */
export function unloadSql(options: {
  readonly select: string;
  /** s3:// URI ending in a slash. */
  readonly uri: string;
  readonly partitionedBy?: readonly string[];
}): string {
  const { select, uri, partitionedBy = [] } = options;
  const properties = ["format = 'PARQUET'", "compression = 'SNAPPY'"];
  if (partitionedBy.length > 0) properties.push(`partitioned_by = ARRAY[${partitionedBy.map(text).join(', ')}]`);
  return `UNLOAD (\n${select}\n)\nTO ${text(uri)}\nWITH (${properties.join(', ')})`;
}
