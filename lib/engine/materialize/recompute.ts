import { viewId } from '#spec/find.ts';
import type { View } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';
import type { Records } from '#store/records.ts';
import { tickCount } from './intervals.ts';
import { listRunRecords } from './run-record.ts';
import { readState } from './run-state.ts';

/** What has to be computed again when a view is given another definition. */
export type Recompute =
  /** Nothing of it is stored, or nothing is needed any more; `why` says which. */
  | { readonly kind: 'none'; readonly why: string }
  /** Batch views: the ticks that are published, and about how many feature rows they have, where a run says how many a tick has. */
  | { readonly kind: 'ticks'; readonly ticks: number; readonly rows?: number }
  /** Table views: the source's objects that have been read. */
  | { readonly kind: 'objects'; readonly objects: number }
  | { readonly kind: 'unknown'; readonly why: string };

/** Runs that are looked through for one that says how many rows a tick has. */
const runsRead = 20;

interface RecomputePorts {
  readonly objects: Pick<Objects, 'get'>;
  readonly records: Pick<Records, 'list'>;
}

/**
 * What `stored`, the deployed view, has computed and `wanted`, its changed form or its next version, would have to compute to stand in
 * for it. Ticks are those of the wanted schedule in what is covered. Throws materialize.kindChanged, engine.badFile.
 */
export async function recomputeOf(
  { objects, records }: RecomputePorts,
  stored: View,
  wanted: View,
): Promise<Recompute> {
  if (wanted.kind === 'onDemand') return { kind: 'none', why: 'it is computed at each request' };
  if (wanted.kind === 'stream' || stored.kind === 'stream' || stored.kind === 'onDemand')
    return {
      kind: 'unknown',
      why: 'nobody counts the events of a stream view; "tidemark backfill" computes them again',
    };
  const state = await readState(objects, stored);
  if (state.kind === 'table') return { kind: 'objects', objects: Object.keys(state.objects).length };
  if (wanted.kind === 'table') return { kind: 'unknown', why: `${viewId(stored)} was a batch view` };
  const ticks = tickCount(state.covered, wanted.scheduleMillis);
  const runs = await listRunRecords(records, stored, runsRead);
  const [rowsPerTick] = runs.flatMap(({ ticks: ran, featureRows }) =>
    ran === undefined || ran === 0 || featureRows === undefined ? [] : featureRows / ran,
  );
  return { kind: 'ticks', ticks, ...(rowsPerTick === undefined ? {} : { rows: Math.round(ticks * rowsPerTick) }) };
}
