import { bytesSource, openParquet } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { OpenedDataset } from '#engine/leakage/dataset-rows.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';

export interface DatasetParts {
  /** Spine columns and features, one array of all rows each. */
  readonly columns: readonly TypedColumn[];
  /** Features among the columns: result name to ref. */
  readonly features: Readonly<Record<string, string>>;
  readonly views?: DatasetManifest['views'];
  readonly mode?: DatasetManifest['mode'];
  readonly lagMillis?: number;
  /** Rows of every file but the last. @default all */
  readonly fileRows?: number;
}

/** A dataset in memory with the parts of a manifest that the leakage check reads. */
export function datasetOf(parts: DatasetParts): OpenedDataset {
  const { columns, features, views = {}, mode = 'asServed', lagMillis = 0 } = parts;
  const rows = columns[0]?.values.length ?? 0;
  const fileRows = parts.fileRows ?? rows;
  const files = new Map<string, Uint8Array>();
  for (let first = 0; first < rows; first += fileRows) {
    const own = columns.map((column) => ({ ...column, values: column.values.slice(first, first + fileRows) }));
    files.set(`part-${String(first).padStart(9, '0')}.parquet`, writeParquet(own));
  }
  const manifest = {
    id: 'planted',
    features: Object.entries(features).map(([name, ref]) => ({
      name,
      ref,
      type: columns.find((column) => column.name === name)?.type ?? 'string',
    })),
    views,
    mode,
    lagMillis,
    spine: { eventTimeColumn: 'event_time' },
    rows,
    files: [...files.keys()].map((name) => ({ name })),
  } as unknown as DatasetManifest; // the members that the check reads
  return { manifest, open: (name) => openParquet(bytesSource(files.get(name) ?? new Uint8Array())) };
}
