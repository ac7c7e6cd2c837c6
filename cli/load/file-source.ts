import { TidemarkError } from '#spec/errors.ts';
import { findRowSource } from '#spec/find.ts';
import type { Manifest, ParquetSource } from '#spec/manifest.ts';

/** A folder of Parquet files: a source's rows, or the history of a stream. */
export type FileSource = Pick<ParquetSource, 'name' | 'schema' | 'location' | 'partitionedBy'>;

/** The folder of a source. Throws spec.unknownName, and cli.noHistory for a stream that declares no history. */
export function findFileSource(manifest: Manifest, name: string): FileSource {
  const source = findRowSource(manifest, name);
  if (source.kind === 'parquet') return source;
  const { schema, history } = source;
  if (history) return { name, schema, ...history };
  throw new TidemarkError(
    'cli.noHistory',
    `source ${name} is a stream without history, so it has no files; push its events with "tidemark push ${name}", or declare history: { location, until }`,
  );
}
