import { backfillPlanSchema } from '#engine/backfill/backfill-plan.ts';
import { readerSlackMillis } from '#engine/ingest/fold-events.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, compactState, emptyState } from '#semantics/stream/window-state.ts';
import { findEntity, findStreamView } from '#spec/find.ts';
import type { Manifest, StreamSource, StreamView } from '#spec/manifest.ts';
import type { MemoryObjects } from '#store/memory/objects.ts';
import { type HistoryRow, historyFile } from '#test/support/history-file.ts';
import type { OracleRecord } from '../oracle/stream-view.ts';
import { acceptedEvents } from '../property/stream-world-events.ts';
import { ScriptedSql, type WrittenFile } from './scripted-sql.ts';

export interface HistoryScript {
  readonly manifest: Manifest;
  readonly source: StreamSource;
  readonly objects: MemoryObjects;
  /** What the log and the history hold now. */
  readonly records: () => readonly OracleRecord[];
  readonly clock: () => number;
  /** True for an attempt that fails after it has written half of its rows. */
  readonly fails: (folder: string) => boolean;
}

/** Writes what the statements of backfills would write: of the plan that lies beside the folder. */
export const scriptedHistory = (script: HistoryScript): ScriptedSql =>
  new ScriptedSql({ ...script, files: (folder) => historyFiles(script, folder) });

async function historyFiles(script: HistoryScript, folder: string): Promise<WrittenFile[]> {
  const { manifest, source, objects } = script;
  const [, name = '', version = '', run = ''] = /^runs\/(\w+)\/v(\d+)\/(\d+)\/selection\//.exec(folder) ?? [];
  const stored = await objects.get(`runs/${name}/v${version}/${run}/plan.json`);
  const { cutMillis } = backfillPlanSchema.parse(JSON.parse(new TextDecoder().decode(stored?.body)));
  const view = findStreamView(manifest, name);
  const entity = findEntity(manifest, view.entity);
  const rows = historiesOf(script, view, cutMillis);
  const half = Math.ceil(rows.length / 2);
  const parts = [rows.slice(0, half), rows.slice(half)].filter((part) => part.length > 0);
  return parts.map((part, index) => ({
    key: `${folder}part-${index}`,
    body: historyFile({ view, source, entity }, part),
  }));
}

function historiesOf(
  { manifest, source, records, clock }: HistoryScript,
  view: StreamView,
  cutMillis: number,
): HistoryRow[] {
  const entity = findEntity(manifest, view.entity);
  const plan = planWindows(view, source);
  const isOfHistory = ({ arrivalMillis }: StreamEvent): boolean =>
    arrivalMillis <= Math.max(cutMillis, source.history?.untilMillis ?? 0);
  const events = acceptedEvents(records(), source).filter((event) => event.key !== null && isOfHistory(event));
  return [...Map.groupBy(events, ({ key }) => key).values()].flatMap((own) => {
    const state = compactState(plan, addEvents(plan, emptyState, own), clock() - readerSlackMillis);
    if (state.tiles.length + state.events.length === 0) return [];
    return [{ keys: entity.keys.map(({ name: key }) => own[0]?.row[key] ?? null), state, events: own }];
  });
}
