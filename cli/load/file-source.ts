import type { TypedColumn } from '#codec/parquet-write.ts';
import { valueHash } from '#codec/value-hash.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findRowSource } from '#spec/find.ts';
import { eventColumns } from '#spec/layout.ts';
import type { Manifest, ParquetSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';

/** A folder of Parquet files: a source's rows, or the history of a stream. */
export type FileSource = Pick<ParquetSource, 'name' | 'schema' | 'location' | 'partitionedBy'> & {
  /** Columns of a history whose different values are counted: its files keep their hashes, as the event log does. */
  readonly hashed?: readonly string[];
};

/** The folder of a source. Throws spec.unknownName, and cli.noHistory for a stream that declares no history. */
export function findFileSource(manifest: Manifest, name: string): FileSource {
  const source = findRowSource(manifest, name);
  if (source.kind === 'parquet') return source;
  const { schema, history, hashed } = source;
  if (history) return { name, schema, hashed, ...history };
  throw new TidemarkError(
    'cli.noHistory',
    `source ${name} is a stream without history, so it has no files; push its events with "tidemark push ${name}", or declare history: { location, until }`,
  );
}

/** The hashes of a history's rows, in columns of their own. */
export const hashColumns = ({ hashed = [] }: FileSource, columns: readonly TypedColumn[]): readonly TypedColumn[] =>
  columns
    .filter(({ name }) => hashed.includes(name))
    .map(({ name, type, values }) => ({
      name: eventColumns.hash(name),
      type: 'int64',
      values: hashesOf(type, values),
    }));

/** Values repeat, so each is hashed once. */
function hashesOf(type: TypedColumn['type'], values: TypedColumn['values']): readonly Value[] {
  const known = new Map<Value, bigint | null>();
  return Array.from(values, (value) => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const hash = valueHash(type, value);
    known.set(value, hash);
    return hash;
  });
}
