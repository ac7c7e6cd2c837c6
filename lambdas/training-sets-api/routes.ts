import type { Grants } from '#engine/access/grants.ts';
import { planTraining } from '#engine/access/reach-features.ts';
import { type DatasetManifest, findDatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import type { DatasetSplit } from '#engine/training-set/dataset-splits.ts';
import type { StatisticsFile } from '#engine/training-set/dataset-statistics.ts';
import { selectionOf, type TrainingSetRequest, trainingSetIdPattern } from '#engine/training-set/request.ts';
import {
  getTrainingSetRecord,
  type TrainingSetRecord,
  updateTrainingSetRecord,
} from '#engine/training-set/training-set-record.ts';
import type { HttpRequest, HttpResponse, Route } from '#lambdas/http/router.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { Clock } from '#store/clock.ts';
import type { Executions } from '#store/executions.ts';
import type { ObjectLink } from '#store/object-links.ts';
import type { Objects } from '#store/objects.ts';
import type { Records } from '#store/records.ts';
import { maximumLinks, type TrainingSetAnswer } from './event.ts';
import { idTaken, type RequestContext, readRequest } from './read-request.ts';

export interface TrainingSetRoutesOptions {
  readonly manifest: Manifest;
  readonly objects: Objects;
  readonly linkTo: ObjectLink;
  readonly records: Records;
  readonly clock: Clock;
  readonly newId: RequestContext['newId'];
  readonly executions: Executions;
  /** The execution (ARN) that a build of this id has. */
  readonly executionOf: (id: string) => string;
  /** Starts that execution; false when one of that name exists. */
  readonly start: (request: TrainingSetRequest) => Promise<boolean>;
}

/** POST /v1/training-sets: 202 and an id; GET /v1/training-sets/{id}: how far it is, and the dataset once there is one. */
export function trainingSetRoutes(options: TrainingSetRoutesOptions): Route[] {
  return [
    {
      method: 'POST',
      pattern: '/v1/training-sets',
      handle: (request) => create(options, request),
    },
    {
      method: 'GET',
      pattern: '/v1/training-sets/{id}',
      handle: async ({ parameters, principal }) => {
        const answer = await describe(options, parameters.id ?? '', principal.grants);
        return { body: JSON.stringify(answer), log: { trainingSet: answer.id, trainingSetStatus: answer.status } };
      },
    },
  ];
}

async function create(
  options: TrainingSetRoutesOptions,
  { body, principal: { grants } }: HttpRequest,
): Promise<HttpResponse> {
  const { manifest, objects, newId, clock } = options;
  const request = readRequest(body, { manifest, bucketUri: objects.uri(''), newId, clock, grants });
  if (!(await objects.head(request.spine)))
    throw new TidemarkError(
      'trainingSet.noSpine',
      `there is no spine at ${objects.uri(request.spine)}; upload it first`,
      {
        kind: 'notFound',
      },
    );
  if (await getTrainingSetRecord(options.records, request.id)) throw idTaken(request.id);
  await startRecorded(options, request);
  const answer: TrainingSetAnswer = { id: request.id, status: 'queued' };
  return {
    status: 202,
    headers: { location: `/v1/training-sets/${request.id}` },
    body: JSON.stringify(answer),
    log: { trainingSet: request.id },
  };
}

/** The record comes first, so that whoever has the id finds it; a build that could not be started is recorded as failed. */
async function startRecorded(options: TrainingSetRoutesOptions, request: TrainingSetRequest): Promise<void> {
  const { records, clock } = options;
  const execution = options.executionOf(request.id);
  await updateTrainingSetRecord(records, request, { state: 'queued', execution, nowMillis: clock() });
  try {
    if (!(await options.start(request))) throw idTaken(request.id);
  } catch (cause) {
    const error = {
      code: 'trainingSet.notStarted',
      message: 'the build could not be started; ask again with another id',
    };
    const nowMillis = clock();
    await updateTrainingSetRecord(records, request, { state: 'failed', nowMillis, finishedAtMillis: nowMillis, error });
    throw cause;
  }
}

async function describe(options: TrainingSetRoutesOptions, id: string, grants: Grants): Promise<TrainingSetAnswer> {
  const isId = trainingSetIdPattern.test(id);
  const record = isId ? await currentRecord(options, id) : undefined;
  // the manifest decides, whatever the record says
  const dataset = isId ? await findDatasetManifest(options.objects, id) : undefined;
  const state = record?.state === 'deleted' ? undefined : record?.state;
  const isKnown = (state ?? dataset) && mayKnow(options.manifest, { record, dataset }, grants);
  if (!isKnown)
    throw new TidemarkError('trainingSet.unknown', `there is no training set ${JSON.stringify(id)}`, {
      kind: 'notFound',
    });
  return {
    id,
    status: dataset ? 'succeeded' : (state ?? 'running'),
    ...(record ? progressOf(record) : {}),
    ...(dataset && dataset.files.length <= maximumLinks ? { files: await linksOf(options, dataset) } : {}),
    ...(dataset?.statisticsFile
      ? { statistics: await statisticsLink(options, dataset.id, dataset.statisticsFile) }
      : {}),
    ...(dataset ? { dataset: summaryOf(dataset, options.objects.uri(objectKeys.dataset(id))) } : {}),
  };
}

/** Whoever may train on what it holds may know of a training set and read it; to others there is none. */
function mayKnow(
  manifest: Manifest,
  {
    record,
    dataset,
  }: { readonly record: TrainingSetRecord | undefined; readonly dataset: DatasetManifest | undefined },
  grants: Grants,
): boolean {
  if (grants.isAdmin) return true;
  const features = dataset?.features.map(({ ref }) => ref) ?? [];
  try {
    planTraining(manifest, record ? selectionOf(record.request) : { features }, grants);
    return true;
  } catch (error) {
    if (error instanceof TidemarkError) return false; // also of features that are no longer deployed: nobody's but the administrator's
    throw error;
  }
}

const linkSeconds = 3600;

const linksOf = ({ linkTo }: TrainingSetRoutesOptions, { id, files }: DatasetManifest) =>
  Promise.all(
    files.map(async ({ name, sizeBytes, rows }) => ({
      name,
      url: await linkTo(`${objectKeys.dataset(id)}${name}`, linkSeconds),
      sizeBytes,
      rows,
    })),
  );

const statisticsLink = async (
  { linkTo }: TrainingSetRoutesOptions,
  id: string,
  { name, sizeBytes }: StatisticsFile,
): Promise<NonNullable<TrainingSetAnswer['statistics']>> => ({
  url: await linkTo(`${objectKeys.dataset(id)}${name}`, linkSeconds),
  sizeBytes,
});

/** The record; that of a build whose execution has ended without a word (aborted, timed out) as failed. */
async function currentRecord(
  { records, executions }: TrainingSetRoutesOptions,
  id: string,
): Promise<TrainingSetRecord | undefined> {
  const record = await getTrainingSetRecord(records, id);
  if (record?.execution === undefined || record.state === 'succeeded' || record.state === 'failed') return record;
  if (await executions.isRunning(record.execution)) return record;
  const last = await getTrainingSetRecord(records, id); // it may have ended between the two looks
  if (last?.state === 'succeeded' || last?.state === 'failed') return last;
  const error = {
    code: 'trainingSet.stopped',
    message: 'the build was stopped or timed out; ask again with another id',
  };
  return { ...record, state: 'failed', error };
}

const progressOf = (record: TrainingSetRecord): Partial<TrainingSetAnswer> => ({
  step: record.step,
  startedAt: formatInstant(record.startedAtMillis),
  ...(record.finishedAtMillis === undefined ? {} : { finishedAt: formatInstant(record.finishedAtMillis) }),
  ...(record.error && record.state === 'failed' ? { error: record.error } : {}),
});

const splitAnswer = ({ name, rows, files, minEventMillis, maxEventMillis }: DatasetSplit) => ({
  name,
  rows,
  files,
  from: formatInstant(minEventMillis),
  to: formatInstant(maxEventMillis),
});

const summaryOf = (dataset: DatasetManifest, location: string): NonNullable<TrainingSetAnswer['dataset']> => ({
  location,
  requestId: dataset.requestId,
  datasetId: dataset.datasetId,
  pinned: dataset.pinned,
  rows: dataset.rows,
  files: dataset.files.map(({ name }) => name),
  format: dataset.format ?? 'parquet',
  ...(dataset.sample ? { sample: dataset.sample } : {}),
  ...(dataset.splits ? { splits: dataset.splits.map(splitAnswer) } : {}),
  ...(dataset.vectorHash === undefined ? {} : { vectorHash: dataset.vectorHash }),
  features: dataset.features,
  ...(dataset.service ? { service: dataset.service } : {}),
  definitionsHash: dataset.definitionsHash,
  spineSha256: dataset.spine.sha256,
  mode: dataset.mode,
  lagMillis: dataset.lagMillis,
  ...(dataset.asOfMillis === undefined ? {} : { asOf: formatInstant(dataset.asOfMillis) }),
  bytesScanned: dataset.bytesScanned,
  costEstimate: dataset.costEstimate,
});
