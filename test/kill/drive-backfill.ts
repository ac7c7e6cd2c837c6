import * as z from 'zod/mini';
import { awaitArchive } from '#engine/backfill/await-archive.ts';
import { backfillItem } from '#engine/backfill/backfill-item.ts';
import type { BackfillPorts } from '#engine/backfill/backfill-ports.ts';
import { finishBackfill } from '#engine/backfill/finish-backfill.ts';
import { planBackfill } from '#engine/backfill/plan-backfill.ts';
import { failRun } from '#engine/materialize/fail-run.ts';
import { type RunReference, selectionQuery } from '#engine/materialize/run-files.ts';
import { checkQuery, type StartedQuery, startQuery } from '#engine/materialize/run-query.ts';
import { itemSchema, splitRows } from '#engine/materialize/split-rows.ts';
import { TidemarkError } from '#spec/errors.ts';

export interface DrivenBackfill {
  readonly view: string;
  readonly rebuild?: boolean;
  readonly execution: string;
  /** The machine waits: time passes. */
  readonly wait: (seconds: number) => Promise<void>;
  /** The map loses its last item and succeeds all the same. */
  readonly losesItems?: boolean;
}

/** How each state is carried out: with the ports of a process that may die. Returns its result or rejects. */
export type BackfillStep = <TResult>(
  state: string,
  work: (ports: BackfillPorts) => Promise<TResult>,
) => Promise<TResult>;

/** The states of a backfill in order, as the state machine joins them (backfill-definition.ts), in this process. */
export async function driveBackfill(
  step: BackfillStep,
  request: DrivenBackfill,
): Promise<'succeeded' | 'nothing' | 'failed'> {
  const { view, rebuild, execution } = request;
  try {
    const { next, run } = await step('Plan', (ports) => planBackfill(ports, { view, rebuild, execution }));
    if (next === 'nothing') return 'nothing';
    for (;;) {
      const awaited = await step('AwaitArchive', (ports) => awaitArchive(ports, run));
      if (awaited.next === 'select') break;
      await request.wait(awaited.waitSeconds);
    }
    await query(step, run);
    const { items, itemsKey } = await step('Split', (ports) => splitRows(ports, run));
    if (items > 0) await mergeItems(step, run, { itemsKey, losesItems: request.losesItems ?? false });
    await step('Finish', (ports) => finishBackfill(ports, run));
    return 'succeeded';
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    const reason = { code: error.code, message: error.message };
    await step('Fail', (ports) => failRun(ports, { view, execution, error: reason }));
    return 'failed';
  }
}

async function query(step: BackfillStep, run: RunReference): Promise<void> {
  let attempt = 1;
  for (;;) {
    let started: StartedQuery = await step('StartSelection', (ports) =>
      startQuery(ports, { run, query: selectionQuery, attempt }),
    );
    for (;;) {
      const looked = started;
      const checked = await step('CheckSelection', (ports) => checkQuery(ports, looked));
      if (checked.next === 'done') return;
      attempt = checked.attempt;
      if (checked.next === 'again') break;
      const { next: _next, ...again } = checked;
      started = again;
    }
  }
}

async function mergeItems(
  step: BackfillStep,
  run: RunReference,
  { itemsKey, losesItems }: { readonly itemsKey: string; readonly losesItems: boolean },
): Promise<void> {
  // The map's own reading of its items is the service's, not a process that can be killed.
  const items = await step('Items', async (ports) => {
    const stored = await ports.objects.get(itemsKey);
    return z.parse(z.array(itemSchema), JSON.parse(new TextDecoder().decode(stored?.body)));
  });
  for (const item of losesItems ? items.slice(0, -1) : items)
    await step(`Merge ${item.number}`, (ports) => backfillItem(ports, run, item));
}
