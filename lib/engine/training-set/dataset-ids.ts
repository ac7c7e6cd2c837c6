import { featureRef } from '#engine/feature-plan.ts';
import { hashOf } from '#spec/canonical-json.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { DatasetManifest } from './dataset-manifest.ts';
import { cutOf } from './dataset-options.ts';
import { planOfRequest } from './request.ts';
import type { Reads, StagingPlan } from './work-files.ts';

/**
 * Equal for builds that must give the same dataset, whatever their ids: the same definitions, features, options, bytes of the spine, and
 * objects read (hex of 64 digits). A service and the list of its features under its names are the same request.
 * The label is left out: which column is counted changes no byte of the data.
 */
export function requestIdOf(
  manifest: Manifest,
  { request, spine, eventTimeColumn, asOfMillis }: StagingPlan,
  reads: Reads,
): string {
  const { mode, lagMillis } = request;
  return hashOf({
    definitions: manifest.hash,
    results: planOfRequest(manifest, request).results.map(({ name, view, feature }) => [
      name,
      featureRef(view, feature),
    ]),
    options: asOfMillis === undefined ? { mode, lagMillis, eventTimeColumn } : { mode, asOfMillis },
    ...cutOf(request),
    spine: { sha256: spine.sha256, format: spine.format },
    reads: reads.folders.map(({ folder, hash }) => [folder, hash]),
  });
}

/** Of the content: equal where all files, in row order, have equal bytes (hex of 64 digits). */
export const datasetIdOf = (files: DatasetManifest['files']): string =>
  hashOf(files.map(({ name, rows, sha256 }) => [name, rows, sha256]));
