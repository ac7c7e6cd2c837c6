import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { writeCsv } from '#codec/csv-write.ts';
import { bytesSource, openParquet, type ParquetFile, readColumns, readRawColumns } from '#codec/parquet-read.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import type { FeaturePlan } from '#engine/feature-plan.ts';
import { readStepJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Value } from '#spec/value-type.ts';
import { putAsOwner } from './claim.ts';
import { findDatasetManifest } from './dataset-manifest.ts';
import { putPartStatistics } from './dataset-statistics.ts';
import { checkDefinitions } from './join-features.ts';
import { joinsOfPart } from './join-plan.ts';
import { type JoinedRows, type JoinedView, joinedRows } from './joined-rows.ts';
import type { TrainingSetPorts } from './ports.ts';
import { planOfRequest } from './request.ts';
import { resultColumns } from './result-columns.ts';
import { spineColumns } from './spine-file.ts';
import { spineLayout } from './spine-layout.ts';
import { rowInstants, usedValues } from './spine-values.ts';
import {
  type FinishedPart,
  finishedJoinSchema,
  type StagedPart,
  type StagingPlan,
  stagedSchema,
  stagingPlanSchema,
  workFiles,
} from './work-files.ts';

type FinishPorts = Pick<TrainingSetPorts, 'repository' | 'objects'>;

export interface FinishStep {
  readonly id: string;
  /** The state machine's execution. */
  readonly execution: string;
  readonly part: number;
}

/**
 * Makes one file of the dataset: the part's spine columns untouched, then the features in result order, rows in spine order. Every row
 * must have come out of the join exactly once. Writes what became of the part down, also when it failed, and throws then:
 * trainingSet.badJoin, missingFile, definitionsChanged, idTaken, overwritten.
 */
export async function finishPart(ports: FinishPorts, step: FinishStep): Promise<FinishedPart> {
  const files = workFiles(step.id);
  try {
    const finished = await finish(ports, step);
    await ports.objects.put(files.result(step.part), JSON.stringify(finished));
    return finished;
  } catch (error) {
    const { execution, part } = step;
    const message = error instanceof Error ? error.message : String(error);
    await ports.objects.put(files.result(part), JSON.stringify({ kind: 'failed', execution, part, error: message }));
    throw error;
  }
}

async function finish(ports: FinishPorts, { id, execution, part: number }: FinishStep): Promise<FinishedPart> {
  const { objects, repository } = ports;
  const files = workFiles(id);
  const staging = await readStepJson(objects, files.plan, stagingPlanSchema);
  checkDefinitions(repository.manifest, staging);
  await checkUnfinished(ports, staging);
  const { parts } = await readStepJson(objects, files.staged, stagedSchema);
  const part = parts[number];
  if (!part)
    throw new TidemarkError('trainingSet.missingFile', `part ${number} of training set ${id} is not staged`, {
      kind: 'failed',
    });
  const plan = planOfRequest(repository.manifest, staging.request);
  const spine = await readSpinePart(ports, { staging, plan, part });
  const joined = await readJoined(ports, { id, execution, plan, part });
  const results = resultColumns({ repository, plan, joined, ...spine, rows: part.rows });
  const { format } = staging.request;
  const columns = [...spine.columns, ...results.columns];
  const bytes = format === 'csv' ? writeCsv(columns) : writeParquet(columns);
  const key = files.datasetPart(part.split?.number ?? number, { split: part.split?.name, format });
  const etag = await putAsOwner(objects, { id, execution }, { key, body: bytes });
  const statistics = await putPartStatistics(objects, { id, part }, columns);

  return {
    kind: 'finished',
    execution,
    part: number,
    file: { key, etag, rows: part.rows, sizeBytes: bytes.length, sha256: bytesToHex(sha256(bytes)) },
    counts: results.counts,
    statistics,
    ...(results.firstTransformError === undefined ? {} : { firstTransformError: results.firstTransformError }),
  };
}

/** A complete dataset is never written to. */
async function checkUnfinished({ objects }: FinishPorts, { request }: StagingPlan): Promise<void> {
  if (!(await findDatasetManifest(objects, request.id))) return;
  throw new TidemarkError('trainingSet.idTaken', `training set ${request.id} has been completed by another run`, {
    kind: 'conflict',
  });
}

interface SpinePart {
  readonly columns: Awaited<ReturnType<typeof readRawColumns>>;
  /** t of every rule, per row: the label's event time minus the lag, epoch milliseconds. */
  readonly asOfMillis: readonly number[];
  /** Values of request fields by name. */
  readonly requestFields: ReadonlyMap<string, readonly Value[]>;
}

async function readSpinePart(
  { objects }: FinishPorts,
  { staging, plan, part }: { staging: StagingPlan; plan: FeaturePlan; part: StagedPart },
): Promise<SpinePart> {
  const file = await stepParquet(objects, workFiles(staging.request.id).spinePart(part.part));
  const layout = spineLayout(spineColumns(file), plan, staging.request);
  const uses = [...(layout.eventTime ? [layout.eventTime] : []), ...layout.requestFields];
  const names = uses.map(({ column }) => column);
  const typed = await readColumns(
    file,
    names.map((name) => ({ name })),
  );
  const rows = { count: part.rows, values: (column: string) => typed[names.indexOf(column)] ?? [] };
  const { lagMillis } = staging.request;
  return {
    columns: await readRawColumns(
      file,
      file.columns.map(({ name }) => name),
    ),
    asOfMillis: rowInstants(layout.eventTime ?? staging.asOfMillis, rows, part.firstRow).map((at) => at - lagMillis),
    requestFields: new Map(
      layout.requestFields.map((use) => [use.column, usedValues(use, rows, part.firstRow)] as const),
    ),
  };
}

async function readJoined(
  { objects }: FinishPorts,
  { id, execution, plan, part }: { id: string; execution: string; plan: FeaturePlan; part: StagedPart },
): Promise<JoinedRows> {
  const joined = new Map<string, JoinedView>();
  for (const { join: number, reads } of joinsOfPart(plan, part.part)) {
    const join = await readStepJson(objects, workFiles(id).join(number), finishedJoinSchema);
    if (join.execution !== execution)
      throw new TidemarkError('trainingSet.missingFile', `a join of part ${part.part} is that of another run`, {
        kind: 'failed',
      });
    const files: ParquetFile[] = [];
    for (const key of join.files[String(part.part)] ?? []) files.push(await stepParquet(objects, key));
    for (const [view, rows] of await joinedRows(files, reads, part)) joined.set(view, rows);
  }
  return joined;
}

async function stepParquet(objects: FinishPorts['objects'], key: string): Promise<ParquetFile> {
  const found = await objects.get(key);
  if (found) return openParquet(bytesSource(found.body));
  throw new TidemarkError('trainingSet.missingFile', `${key} is missing: the step that writes it has not succeeded`, {
    kind: 'failed',
    details: { key },
  });
}
