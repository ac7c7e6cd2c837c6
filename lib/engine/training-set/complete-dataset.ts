import { featureRef } from '#engine/feature-plan.ts';
import { runCostEstimate } from '#engine/materialize/run-cost.ts';
import { readJson, readStepJson } from '#engine/stored-json.ts';
import { vectorHashOf } from '#engine/vector-hash.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findStreamSource, viewId } from '#spec/find.ts';
import { checkOwner, overwritten } from './claim.ts';
import { datasetIdOf, requestIdOf } from './dataset-ids.ts';
import { type DatasetManifest, findDatasetManifest } from './dataset-manifest.ts';
import { describeCut, inSplitOrder } from './dataset-splits.ts';
import { completeStatistics, type StatisticsFile } from './dataset-statistics.ts';
import { checkDefinitions } from './join-features.ts';
import { plannedJoins } from './join-plan.ts';
import type { TrainingSetPorts } from './ports.ts';
import { planOfRequest } from './request.ts';
import { readReads } from './settle-reads.ts';
import { updateTrainingSetRecord } from './training-set-record.ts';
import {
  type FinishedJoin,
  type FinishedPart,
  finishedJoinSchema,
  type PartCounts,
  partResultSchema,
  type Reads,
  type StagedPart,
  type StagingPlan,
  stagedSchema,
  stagingPlanSchema,
  workFiles,
} from './work-files.ts';

type CompletePorts = Pick<TrainingSetPorts, 'repository' | 'objects' | 'records' | 'clock'>;

/**
 * The last step: every part must have been finished by this execution, with all its rows, and its file must be the one that was
 * written; then the manifest is written, which makes the dataset exist. Run again after that, it changes nothing.
 * Throws trainingSet.partMissing, trainingSet.rowsLost, trainingSet.overwritten.
 */
export async function completeDataset(
  ports: CompletePorts,
  { id, execution }: { readonly id: string; readonly execution: string },
): Promise<DatasetManifest> {
  const files = workFiles(id);
  const plan = await readStepJson(ports.objects, files.plan, stagingPlanSchema);
  const present = await findDatasetManifest(ports.objects, id);
  const manifest = present ?? (await writeManifest(ports, plan, execution));
  await updateTrainingSetRecord(ports.records, plan.request, {
    state: 'succeeded',
    step: 'complete',
    execution,
    nowMillis: ports.clock(),
    finishedAtMillis: ports.clock(),
    rows: manifest.rows,
    parts: manifest.files.length,
    bytesScanned: manifest.bytesScanned,
    costEstimate: manifest.costEstimate,
  });
  return manifest;
}

async function writeManifest(ports: CompletePorts, plan: StagingPlan, execution: string): Promise<DatasetManifest> {
  const { id } = plan.request;
  const files = workFiles(id);
  checkDefinitions(ports.repository.manifest, plan);
  const { parts } = await readStepJson(ports.objects, files.staged, stagedSchema);
  const finished: FinishedPart[] = [];
  for (const part of inSplitOrder(parts)) finished.push(await finishedPart(ports, { id, execution, part }));
  await deleteOtherFiles(ports, id, finished);
  const joins: { join: FinishedJoin; sql: string }[] = [];
  for (const number of plannedJoins(planOfRequest(ports.repository.manifest, plan.request), parts).keys()) {
    const join = await readStepJson(ports.objects, files.join(number), finishedJoinSchema);
    const statement = await ports.objects.get(files.statement(join.attempt));
    joins.push({ join, sql: new TextDecoder().decode(statement?.body) });
  }
  const reads = await readReads(ports.objects, { id, execution });
  const statisticsFile = await completeStatistics(ports.objects, { ...plan.request, execution }, finished);
  const manifest = describe(ports, plan, { finished, joins, reads, parts, statisticsFile });
  await checkOwner(ports.objects, { id, execution });
  const etag = await ports.objects.put(files.manifest, JSON.stringify(manifest, undefined, 2), { ifAbsent: true });
  if (etag !== undefined) return manifest;
  throw new TidemarkError(
    'trainingSet.overwritten',
    `another run of training set ${id} has completed it meanwhile; read that one, or build with a new id`,
    { kind: 'conflict' },
  );
}

/** The result of a part; throws unless this execution has finished it with all its rows and its file still stands. */
async function finishedPart(
  { objects }: CompletePorts,
  { id, execution, part }: { id: string; execution: string; part: StagedPart },
): Promise<FinishedPart> {
  const result = (await readJson(objects, workFiles(id).result(part.part), partResultSchema))?.value;
  if (result?.kind !== 'finished' || result.execution !== execution) {
    const why = result?.kind === 'failed' && result.execution === execution ? `: ${result.error}` : '';
    throw new TidemarkError(
      'trainingSet.partMissing',
      `part ${part.part} of training set ${id} was not finished${why}`,
      {
        kind: 'failed',
        details: { part: part.part },
      },
    );
  }
  if (result.counts.rows !== part.rows || result.file.rows !== part.rows)
    throw new TidemarkError(
      'trainingSet.rowsLost',
      `part ${part.part} of training set ${id} has ${result.file.rows} rows, but ${part.rows} were staged`,
      { kind: 'failed', details: { part: part.part } },
    );
  const file = await objects.head(result.file.key);
  if (file?.etag !== result.file.etag) throw overwritten(id);
  return result;
}

/** A reader of the whole folder must not find parts of an earlier, longer attempt. */
async function deleteOtherFiles(
  { objects }: CompletePorts,
  id: string,
  finished: readonly FinishedPart[],
): Promise<void> {
  // another run may have completed it meanwhile: what makes a dataset complete is never taken away
  const { statistics, manifest } = workFiles(id);
  const kept = new Set([...finished.map(({ file }) => file.key), statistics, manifest]);
  const others: string[] = [];
  for await (const { key } of objects.list(workFiles(id).datasetFolder)) if (!kept.has(key)) others.push(key);
  if (others.length > 0) await objects.delete(others);
}

function describe(
  { repository, clock }: CompletePorts,
  plan: StagingPlan,
  results: {
    readonly finished: readonly FinishedPart[];
    readonly joins: readonly { join: FinishedJoin; sql: string }[];
    readonly reads: Reads;
    readonly parts: readonly StagedPart[];
    readonly statisticsFile: StatisticsFile;
  },
): DatasetManifest {
  const { manifest } = repository;
  const { request, spine } = plan;
  const features = planOfRequest(manifest, request);
  const counts = totals(results.finished.map((part) => part.counts));
  const bytes = results.joins.map(({ join }) => join.bytesScanned);
  const { service } = features;
  const nullsOf = (name: string): number => counts.nulls[name] ?? 0;
  const files = results.finished.map(({ file }) => ({
    name: file.key.slice(workFiles(request.id).datasetFolder.length),
    rows: file.rows,
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
  }));
  return {
    manifestVersion: 1,
    id: request.id,
    requestId: requestIdOf(repository.manifest, plan, results.reads),
    datasetId: datasetIdOf(files),
    pinned: results.reads.pinned ?? false,
    reads: results.reads.folders,
    project: manifest.project,
    createdAtMillis: clock(),
    requestHash: plan.requestHash,
    definitionsHash: manifest.hash,
    ...(service
      ? { service: { name: service.name, version: service.version, definitionHash: service.definitionHash } }
      : {}),
    vectorHash: vectorHashOf(features),
    features: features.results.map(({ name, view, feature }) => ({
      name,
      ref: featureRef(view, feature),
      type: feature.type,
      nulls: nullsOf(name),
      nullShare: nullsOf(name) / counts.rows,
    })),
    views: Object.fromEntries([
      ...features.reads.map(({ view }) => [
        viewId(view),
        {
          definitionHash: view.definitionHash,
          states: counts.states[viewId(view)],
          ...(view.kind === 'stream'
            ? { windows: [...planWindows(view, findStreamSource(manifest, view.source)).windows] }
            : {}),
        },
      ]),
      ...features.transforms.map((view) => [
        viewId(view),
        { definitionHash: view.definitionHash, transformErrors: counts.transformErrors[viewId(view)] ?? 0 },
      ]),
    ]),
    mode: request.mode,
    lagMillis: request.lagMillis,
    ...(plan.asOfMillis === undefined ? {} : { asOfMillis: plan.asOfMillis }),
    spine: {
      key: spine.key,
      sha256: spine.sha256,
      sizeBytes: spine.sizeBytes,
      format: spine.format,
      ...(plan.eventTimeColumn === undefined ? {} : { eventTimeColumn: plan.eventTimeColumn }),
    },
    ...describeCut(request, results.parts),
    rows: counts.rows,
    files,
    ...(request.label === undefined ? {} : { label: request.label }),
    statisticsFile: results.statisticsFile,
    queries: results.joins.map(({ join, sql }) => ({
      id: join.queryId,
      sql,
      bytesScanned: join.bytesScanned,
      millis: join.millis,
    })),
    bytesScanned: bytes.reduce((sum, scanned) => sum + scanned, 0),
    costEstimate: runCostEstimate({ bytesScanned: bytes, writeUnits: 0 }),
  };
}

/** Sums the counts of parts. */
export function totals(parts: readonly PartCounts[]): PartCounts {
  const total: PartCounts = { rows: 0, nulls: {}, states: {}, transformErrors: {} };
  for (const part of parts) {
    total.rows += part.rows;
    addInto(total.nulls, part.nulls);
    addInto(total.transformErrors, part.transformErrors);
    for (const [view, states] of Object.entries(part.states)) {
      const sum = total.states[view] ?? { present: 0, absent: 0, deleted: 0 };
      total.states[view] = {
        present: sum.present + states.present,
        absent: sum.absent + states.absent,
        deleted: sum.deleted + states.deleted,
      };
    }
  }
  return total;
}

function addInto(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, number] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + number;
}
