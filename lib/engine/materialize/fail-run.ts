import { TidemarkError } from '#spec/errors.ts';
import { findEntityView, viewId } from '#spec/find.ts';
import type { EntityView, Manifest } from '#spec/manifest.ts';
import { lockName } from './run-files.ts';
import type { RunPorts } from './run-ports.ts';
import { getRunRecord, putRunRecord, type RunRecord } from './run-record.ts';

export interface FailedRun {
  /** As the run was asked for: it may name no view at all. */
  readonly view: string;
  readonly execution: string;
  readonly error: { readonly code: string; readonly message: string };
}

/**
 * Ends a run that cannot go on: writes the reason into its record and frees its lock. Works from the execution alone, since a run
 * may fail before its first step has answered. Returns the record, or undefined when the execution holds no lock (it was refused,
 * superseded, or named no view).
 */
export async function failRun(
  ports: Pick<RunPorts, 'manifest' | 'locks' | 'records' | 'clock'>,
  { view: reference, execution, error }: FailedRun,
): Promise<RunRecord | undefined> {
  const view = entityView(ports.manifest, reference);
  if (!view) return undefined;
  const { acquired, lease } = await ports.locks.acquire(lockName(view), execution);
  if (!acquired) return undefined;
  const nowMillis = ports.clock();
  const present = (await getRunRecord(ports.records, view, lease.fence)) ?? {
    view: viewId(view),
    kind: view.kind,
    run: lease.fence,
    state: 'running',
    step: 'planning',
    execution,
    requested: {},
    startedAtMillis: nowMillis,
  };
  const failed: RunRecord = {
    ...present,
    state: 'failed',
    finishedAtMillis: nowMillis,
    seconds: (nowMillis - present.startedAtMillis) / 1000,
    error,
  };
  await putRunRecord(ports.records, view, failed);
  await ports.locks.release(lease);
  return failed;
}

function entityView(manifest: Manifest, reference: string): EntityView | undefined {
  try {
    return findEntityView(manifest, reference);
  } catch (error) {
    if (error instanceof TidemarkError) return undefined;
    throw error;
  }
}
