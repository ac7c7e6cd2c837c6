import type { Lease } from '#store/locks.ts';
import type { Versioned } from './run-files.ts';
import type { RunPorts } from './run-ports.ts';
import { listRunRecords, putRunRecord } from './run-record.ts';

/** Closes the records of earlier runs whose execution ended without a word, or that a late step of theirs opened again. */
export async function closeAbandoned(
  ports: Pick<RunPorts, 'records' | 'clock'>,
  view: Versioned,
  by: Lease,
): Promise<void> {
  const recent = await listRunRecords(ports.records, view, 20);
  for (const record of recent.filter(({ state, run }) => state === 'running' && run < by.fence))
    await putRunRecord(ports.records, view, {
      ...record,
      state: 'failed',
      finishedAtMillis: ports.clock(),
      error: {
        code: 'materialize.abandoned',
        message: `the execution ended before the run was finished; run ${by.fence} took over`,
      },
    });
}
