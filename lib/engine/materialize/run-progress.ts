import type { Objects } from '#store/objects.ts';
import { runFiles, selectionQuery, type Versioned } from './run-files.ts';
import type { RunRecord } from './run-record.ts';

/** How far a run is, for those who wait: parts of its present step; total 0 where they cannot be counted. */
export interface RunProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** Counts what the run's steps have left behind so far: results of its statements, then of its items. */
export async function runProgress(
  objects: Pick<Objects, 'list'>,
  view: Versioned,
  record: RunRecord,
): Promise<RunProgress> {
  const files = runFiles(view, record.run);
  const { step } = record;
  if (step === 'computing') {
    const chunks = await countOf(objects, files.queryResultFolder, `${selectionQuery}.json`);
    return { step, done: chunks, total: record.chunks ?? 0 };
  }
  if (step === 'writing')
    return { step, done: await countOf(objects, files.itemResultFolder), total: record.items ?? 0 };
  return { step, done: 0, total: 0 };
}

async function countOf(objects: Pick<Objects, 'list'>, folder: string, except?: string): Promise<number> {
  let count = 0;
  for await (const { key } of objects.list(folder)) if (except === undefined || !key.endsWith(except)) count++;
  return count;
}
