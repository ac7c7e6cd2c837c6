import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { RawColumn } from '#codec/parquet-read.ts';
import type { TypedColumn } from '#codec/parquet-write.ts';
import {
  type DatasetStatistics,
  datasetStatisticsSchema,
  MergedStatistics,
  partStatistics,
  partStatisticsSchema,
} from '#engine/statistics/dataset-statistics.ts';
import { tallyColumns } from '#engine/statistics/tally-columns.ts';
import { readJson } from '#engine/stored-json.ts';
import { forEachConcurrent } from '#store/concurrent.ts';
import type { Objects } from '#store/objects.ts';
import { type Build, overwritten, putAsOwner } from './claim.ts';
import type { DatasetManifest } from './dataset-manifest.ts';
import { splitNames } from './dataset-options.ts';
import type { TrainingSetRequest } from './request.ts';
import { type FinishedPart, type StagedPart, workFiles } from './work-files.ts';

/** What a manifest says of the dataset's statistics. */
export type StatisticsFile = NonNullable<DatasetManifest['statisticsFile']>;

/** Parts whose statistics are in memory at once. */
const partsAtOnce = 8;

/** Writes down what the rows of a part hold, for completeStatistics; returns where. */
export async function putPartStatistics(
  objects: Pick<Objects, 'put'>,
  { id, part }: { readonly id: string; readonly part: StagedPart },
  columns: readonly (RawColumn | TypedColumn)[],
): Promise<FinishedPart['statistics']> {
  const key = workFiles(id).partStatistics(part.part);
  const statistics = partStatistics(tallyColumns(columns), part.split?.name);
  const etag = (await objects.put(key, JSON.stringify(statistics))) ?? '';
  return { key, etag };
}

/**
 * Merges the statistics of all parts into the dataset's file, and returns what its manifest says of that. The bytes depend on the dataset
 * alone. Throws trainingSet.overwritten where a part's are no longer those that were written with it.
 */
export async function completeStatistics(
  objects: Pick<Objects, 'get' | 'head' | 'put'>,
  { id, execution, label, split }: Pick<TrainingSetRequest, 'label' | 'split'> & Build,
  parts: readonly FinishedPart[],
): Promise<StatisticsFile> {
  const merged = new MergedStatistics(label, splitNames(split));
  await forEachConcurrent(parts, partsAtOnce, async ({ statistics: { key, etag } }) => {
    const found = await readJson(objects, key, partStatisticsSchema);
    if (!found || found.etag !== etag) throw overwritten(id);
    merged.add(found.value);
  });
  const key = workFiles(id).statistics;
  const bytes = utf8ToBytes(JSON.stringify(merged.statistics(), undefined, 2));
  await putAsOwner(objects, { id, execution }, { key, body: bytes });
  const name = key.slice(workFiles(id).datasetFolder.length);
  return { name, sizeBytes: bytes.length, sha256: bytesToHex(sha256(bytes)) };
}

/** The statistics of a complete dataset; undefined for one that was built before there were any. */
export const findDatasetStatistics = async (
  objects: Pick<Objects, 'get'>,
  { id, statisticsFile }: Pick<DatasetManifest, 'id' | 'statisticsFile'>,
): Promise<DatasetStatistics | undefined> =>
  statisticsFile && (await readJson(objects, workFiles(id).statistics, datasetStatisticsSchema))?.value;
