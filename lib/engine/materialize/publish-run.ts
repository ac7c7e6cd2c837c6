import { readStepJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { tableNames } from '#spec/layout.ts';
import type { BatchView } from '#spec/manifest.ts';
import type { Partition } from '#store/partitions.ts';
import { batchSelectionSql } from './draft-run.ts';
import { addPublication, withPublication } from './published.ts';
import { chunkQuery, type RunReference, runFiles, selectionQuery, viewOfRun } from './run-files.ts';
import { checkLease } from './run-lock.ts';
import { type BatchPlan, batchPlanSchema } from './run-plan.ts';
import type { RunPorts } from './run-ports.ts';
import { attemptFolder, type QueryResult, queryResultSchema } from './run-query.ts';
import { updateRunRecord } from './run-record.ts';
import { batchState, updateState } from './run-state.ts';

export interface PublishedRun {
  /** `select` rows for the online store, or `finish`: the view is not online. */
  readonly next: 'select' | 'finish';
  readonly run: RunReference;
}

type PublishPorts = Pick<RunPorts, 'manifest' | 'database' | 'objects' | 'locks' | 'records' | 'partitions' | 'clock'>;

/**
 * Makes the feature rows of every chunk visible at once: registers their partitions (which shows nothing yet), then replaces
 * `published.parquet` by one PUT, then counts the ticks as covered. Throws engine.missingFile when a chunk has no result,
 * materialize.superseded; repeating it is harmless.
 */
export async function publishRun(ports: PublishPorts, run: RunReference): Promise<PublishedRun> {
  const view = viewOfRun(ports.manifest, run);
  if (view.kind !== 'batch')
    throw new TidemarkError('materialize.notBatch', `${run.view} is a table view: it has nothing to publish`);
  const files = runFiles(view, run.lease.fence);
  const plan = await readStepJson(ports.objects, files.plan, batchPlanSchema);
  const results = await chunkResults(ports, view, { run, plan });
  const partitions = results.flatMap((result) => partitionsOf(ports, view, { run, result }));
  await ports.partitions.register(tableNames.rows(view), partitions);

  await checkLease(ports, view, run);
  const number = run.lease.fence;
  const dates = partitions.map(({ values: [dt = ''] }) => dt).sort();
  const nowMillis = ports.clock();
  const published = await addPublication(ports.objects, { view, run: number, dates, ticks: plan.ticks, nowMillis });
  const change = (state: Parameters<typeof batchState>[0]) => withPublication(batchState(state), published);
  await updateState(ports.objects, { view, run: number, change });

  const next = plan.selection ? 'select' : 'finish';
  if (plan.selection) {
    // Now, after the publication: rows that replace others are visible from that instant.
    const sql = batchSelectionSql(ports, view, { ...plan.selection, nowMillis: ports.clock() });
    await ports.objects.put(files.statement(selectionQuery), sql);
  }
  const featureRows = results.flatMap(({ files: written }) => written).reduce((sum, { rows }) => sum + rows, 0);
  const step = plan.selection ? 'selecting' : 'finishing';
  await updateRunRecord(ports.records, view, { run: number, step, featureRows });
  return { next, run };
}

const chunkResults = (
  ports: Pick<RunPorts, 'objects'>,
  view: BatchView,
  { run, plan }: { readonly run: RunReference; readonly plan: BatchPlan },
): Promise<QueryResult[]> =>
  Promise.all(
    plan.chunks.map(({ number }) => {
      const key = runFiles(view, run.lease.fence).queryResult(chunkQuery(number));
      return readStepJson(ports.objects, key, queryResultSchema);
    }),
  );

/** One partition per date that the chunk wrote rows for; its folder is the attempt's `dt=<date>/`. */
function partitionsOf(
  ports: Pick<RunPorts, 'objects'>,
  view: BatchView,
  { run, result }: { readonly run: RunReference; readonly result: QueryResult },
): Partition[] {
  const folder = attemptFolder(view, { run, query: result.query, attempt: result.attempt });
  const dates = new Set(result.files.map(({ key }) => dateOfFile(key, folder)));
  return [...dates].map((dt) => ({
    values: [dt, String(run.lease.fence)],
    location: ports.objects.uri(`${folder}dt=${dt}/`),
  }));
}

function dateOfFile(key: string, folder: string): string {
  const date = key.startsWith(folder)
    ? /^dt=(\d{4}-\d{2}-\d{2})\/[^/]+$/.exec(key.slice(folder.length))?.[1]
    : undefined;
  if (date !== undefined) return date;
  throw new TidemarkError('materialize.strayFile', `${key} is not a file of a date under ${folder}`, {
    kind: 'failed',
    details: { key, folder },
  });
}
