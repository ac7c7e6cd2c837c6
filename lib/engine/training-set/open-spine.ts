import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { FeaturePlan } from '#engine/feature-plan.ts';
import { readJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { FeatureType } from '#spec/value-type.ts';
import type { ObjectInfo, Objects } from '#store/objects.ts';
import type { DatasetFormat } from './dataset-options.ts';
import { fixedInstant } from './fixed-instant.ts';
import { partRowsOf } from './part-rows.ts';
import type { TrainingSetPorts } from './ports.ts';
import { requestHash, type TrainingSetRequest } from './request.ts';
import {
  type CsvColumn,
  csvColumns,
  objectChunks,
  openCsvSpine,
  openParquetSpine,
  type SpineFile,
  surveyCsv,
} from './spine-file.ts';
import { defaultEventTimeColumns, type SpineLayout, type SpineTimes, spineLayout } from './spine-layout.ts';
import { type StagingPlan, stagingPlanSchema, workFiles } from './work-files.ts';

type OpenPorts = Pick<TrainingSetPorts, 'repository' | 'objects' | 'clock'>;

/** A spine that has been checked against a plan. */
export interface OpenedSpine {
  readonly staging: StagingPlan;
  readonly file: SpineFile;
  readonly layout: SpineLayout;
}

export interface InspectedSpine {
  readonly request: SpineTimes & Pick<TrainingSetRequest, 'split' | 'sample' | 'fileRows' | 'format'>;
  readonly plan: FeaturePlan;
  readonly object: Pick<ObjectInfo, 'key' | 'sizeBytes'>;
}

export interface SpineToOpen {
  readonly request: TrainingSetRequest;
  readonly plan: FeaturePlan;
  readonly object: ObjectInfo;
  readonly maximumPartRows?: number | undefined;
}

/**
 * Opens the spine and checks its columns; what has been found out about the same object before is not found out again. Throws
 * trainingSet.badSpine, badCsv, codec.notParquet.
 */
export async function openSpine(
  ports: OpenPorts,
  { request, plan, object, maximumPartRows }: SpineToOpen,
): Promise<OpenedSpine> {
  const key = workFiles(request.id).plan;
  const known = (await readJson(ports.objects, key, stagingPlanSchema))?.value;
  if (
    known?.requestHash === requestHash(request) &&
    known.manifestHash === ports.repository.manifest.hash &&
    known.spine.etag === object.etag
  ) {
    const file = await openKnown(ports, known, object);
    return { staging: known, file, layout: spineLayout(file.columns, plan, request) };
  }
  const { file, csvColumns } = await inspectSpine(ports.objects, { request, plan, object });
  const layout = spineLayout(file.columns, plan, request);
  const nowMillis = ports.clock();
  const staging: StagingPlan = {
    request,
    requestHash: requestHash(request),
    manifestHash: ports.repository.manifest.hash,
    createdAtMillis: nowMillis,
    spine: {
      key: object.key,
      etag: object.etag,
      sizeBytes: object.sizeBytes,
      sha256: await sha256Of(ports, object),
      format: csvColumns ? 'csv' : 'parquet',
    },
    ...(csvColumns ? { csvColumns } : {}),
    ...(layout.eventTime ? { eventTimeColumn: layout.eventTime.column } : {}),
    ...(request.asOf === undefined ? {} : { asOfMillis: fixedInstant(request.asOf, nowMillis) }),
    partRows: partRowsOf(file, { request, plan, maximumPartRows }),
  };
  await ports.objects.put(key, JSON.stringify(staging));
  return { staging, file, layout };
}

const openKnown = ({ objects }: OpenPorts, known: StagingPlan, object: ObjectInfo): Promise<SpineFile> | SpineFile =>
  known.csvColumns
    ? openCsvSpine(() => objectChunks(objects, object), known.csvColumns)
    : openParquetSpine(objects, object);

/** Opens a spine by its first bytes. A CSV file is read once, to find out what its columns hold. */
export async function inspectSpine(
  objects: Pick<Objects, 'getRange' | 'head'>,
  { request, plan, object }: InspectedSpine,
): Promise<{ readonly file: SpineFile; readonly csvColumns?: CsvColumn[] }> {
  const [first, second, third, fourth] = await objects.getRange(object.key, 0, Math.min(4, object.sizeBytes));
  if (first === 0x50 && second === 0x41 && third === 0x52 && fourth === 0x31)
    return { file: checkedText(await openParquetSpine(objects, object), request.format) };
  if ((first === 0x1f && second === 0x8b) || (first === 0x50 && second === 0x4b))
    throw new TidemarkError(
      'trainingSet.badSpine',
      'the spine is a compressed archive; unpack it first: allowed are Parquet and plain CSV',
    );
  const columns = csvColumns(await surveyCsv(objectChunks(objects, object)), usedTypes(request, plan));
  return { file: openCsvSpine(() => objectChunks(objects, object), columns), csvColumns: columns };
}

/** CSV has no text for times of day and the like: that is told before any query is paid for. */
function checkedText(file: SpineFile, format: DatasetFormat | undefined): SpineFile {
  const without = format === 'csv' ? file.columns.find(({ type }) => type === undefined) : undefined;
  if (!without) return file;
  throw new TidemarkError(
    'trainingSet.badSpine',
    `column ${without.name} of the spine is ${without.description} and has no text in CSV; drop it, or build Parquet`,
  );
}

/** What the columns of a CSV spine are used as, by name. */
function usedTypes({ eventTimeColumn, asOf }: SpineTimes, plan: FeaturePlan): Map<string, FeatureType> {
  const declared = [...plan.entities.flatMap((entity) => entity.keys), ...plan.requestFields];
  const times = asOf !== undefined ? [] : eventTimeColumn === undefined ? defaultEventTimeColumns : [eventTimeColumn];
  return new Map([
    ...declared.map(({ name, type }) => [name, type] as const),
    ...times.map((name) => [name, 'timestamp'] as const),
  ]);
}

async function sha256Of({ objects }: OpenPorts, object: ObjectInfo): Promise<string> {
  const hash = sha256.create();
  for await (const chunk of objectChunks(objects, object)) hash.update(chunk);
  return bytesToHex(hash.digest());
}
