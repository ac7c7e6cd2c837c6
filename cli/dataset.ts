import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type ByteSource, openParquet } from '#codec/parquet-read.ts';
import type { OpenedDataset } from '#engine/leakage/dataset-rows.ts';
import { objectSource } from '#engine/object-source.ts';
import { datasetManifestSchema } from '#engine/training-set/dataset-manifest.ts';
import { readDatasetManifest, refuseCsv } from '#engine/training-set/datasets.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Objects } from '#store/objects.ts';

/** A training set by its id in the deployment, or in a folder to which it was downloaded. Throws trainingSet.unknown, trainingSet.notParquet, cli.badDataset. */
export async function openDataset(objects: () => Objects, named: string): Promise<OpenedDataset> {
  if (isFolder(named)) return checked(openFolder(named));
  const stored = objects();
  const manifest = await readDatasetManifest(stored, named);
  return checked({
    manifest,
    open: async (name) => openParquet(await objectSource(stored, `${objectKeys.dataset(named)}${name}`)),
  });
}

function checked(dataset: OpenedDataset): OpenedDataset {
  refuseCsv(dataset.manifest);
  return dataset;
}

const isFolder = (named: string): boolean => existsSync(named) && statSync(named).isDirectory();

function openFolder(folder: string): OpenedDataset {
  const file = join(folder, 'manifest.json');
  const parsed = existsSync(file) ? z.safeParse(datasetManifestSchema, jsonOf(readFileSync(file, 'utf8'))) : undefined;
  if (!parsed?.success)
    throw new TidemarkError(
      'cli.badDataset',
      `${folder} holds no training set of this version: ${parsed ? 'its manifest.json has another form' : 'it has no manifest.json'}; "training-set create --out" writes one`,
    );
  return {
    manifest: parsed.data,
    open: (name) => openParquet(fileSource(join(folder, name))),
  };
}

/** Undefined for what is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

/** Byte ranges of a file, which is opened for each: a dataset has thousands, and none stays open. */
function fileSource(file: string): ByteSource {
  if (!existsSync(file))
    throw new TidemarkError('cli.noSuchFile', `no file ${file}, which the manifest of the training set names`, {
      kind: 'notFound',
    });
  return {
    byteLength: statSync(file).size,
    slice: (start, endExclusive) => {
      const handle = openSync(file, 'r');
      try {
        const bytes = new Uint8Array((endExclusive ?? fstatSync(handle).size) - start);
        readSync(handle, bytes, 0, bytes.length, start);
        return bytes.buffer;
      } finally {
        closeSync(handle);
      }
    },
  };
}
