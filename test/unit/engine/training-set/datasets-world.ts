import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import { hashOf } from '#spec/canonical-json.ts';
import type { MemoryObjects } from '#store/memory/objects.ts';

/** Puts a complete dataset whose files hold the given feature columns. */
export async function putDataset(
  { objects, id }: { readonly objects: MemoryObjects; readonly id: string },
  files: readonly (readonly TypedColumn[])[],
  spine: Partial<DatasetManifest['spine']> = {},
): Promise<DatasetManifest> {
  const paths = workFiles(id);
  const written: DatasetManifest['files'] = [];
  for (const [part, columns] of files.entries()) {
    const bytes = writeParquet(columns);
    await objects.put(paths.datasetPart(part), bytes);
    const name = paths.datasetPart(part).slice(paths.datasetFolder.length);
    written.push({ name, rows: columns[0]?.values.length ?? 0, sizeBytes: bytes.length, sha256: hashOf([...bytes]) });
  }
  const manifest: DatasetManifest = {
    manifestVersion: 1,
    id,
    requestId: hashOf(id),
    datasetId: hashOf(written),
    pinned: true,
    reads: [],
    project: 'test',
    createdAtMillis: 0,
    requestHash: hashOf(id),
    definitionsHash: '0',
    features: (files[0] ?? []).map(({ name, type }) => ({ name, ref: `v@1:${name}`, type, nulls: 0, nullShare: 0 })),
    views: {},
    mode: 'asServed',
    lagMillis: 0,
    spine: {
      key: 'training-sets/labels.parquet',
      sha256: 'spine',
      sizeBytes: 1,
      format: 'parquet',
      eventTimeColumn: 'event_time',
      ...spine,
    },
    rows: written.reduce((sum, { rows }) => sum + rows, 0),
    files: written,
    queries: [],
    bytesScanned: 0,
    costEstimate: 0,
  };
  await objects.put(paths.manifest, JSON.stringify(manifest));
  return manifest;
}
