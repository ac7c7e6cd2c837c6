import * as z from 'zod/mini';
import { failRun } from '#engine/materialize/fail-run.ts';
import { finishRun } from '#engine/materialize/finish-run.ts';
import { planRun } from '#engine/materialize/plan-run.ts';
import { publishRun } from '#engine/materialize/publish-run.ts';
import { type RunReference, selectionQuery } from '#engine/materialize/run-files.ts';
import type { RunPorts } from '#engine/materialize/run-ports.ts';
import { checkQuery, type StartedQuery, startQuery } from '#engine/materialize/run-query.ts';
import { itemSchema, splitRows } from '#engine/materialize/split-rows.ts';
import { writeRows } from '#engine/materialize/write-rows.ts';
import { TidemarkError } from '#spec/errors.ts';

export interface DrivenRun {
  readonly view: string;
  readonly fromMillis?: number;
  readonly toMillis?: number;
  readonly execution: string;
  /** The map loses its last item and succeeds all the same. */
  readonly losesItems?: boolean;
}

/** How each state is carried out: with the ports of a process that may die. Returns its result or rejects. */
export type Step = <TResult>(state: string, work: (ports: RunPorts) => Promise<TResult>) => Promise<TResult>;

/** The states of a run in order, as the state machine joins them (materialization-definition.ts), in this process. */
export async function driveRun(step: Step, request: DrivenRun): Promise<'succeeded' | 'nothing' | 'failed'> {
  try {
    const planned = await step('Plan', (ports) => planRun(ports, request));
    if (planned.next === 'nothing' || planned.next === 'covered') return 'nothing';
    const { run } = planned;
    let next: string = planned.next;
    if (next === 'compute') {
      for (const { number } of planned.chunks) await query(step, run, `chunk-${number}`);
      next = (await step('Publish', (ports) => publishRun(ports, run))).next;
    }
    if (next === 'select') await writeSelection(step, run, request.losesItems ?? false);
    await step('Finish', (ports) => finishRun(ports, run));
    return 'succeeded';
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    const reason = { code: error.code, message: error.message };
    await step('Fail', (ports) => failRun(ports, { ...request, error: reason }));
    return 'failed';
  }
}

async function query(step: Step, run: RunReference, name: string): Promise<void> {
  let attempt = 1;
  for (;;) {
    let started: StartedQuery = await step(`Start ${name}`, (ports) =>
      startQuery(ports, { run, query: name, attempt }),
    );
    for (;;) {
      const looked = started;
      const checked = await step(`Check ${name}`, (ports) => checkQuery(ports, looked));
      if (checked.next === 'done') return;
      attempt = checked.attempt;
      if (checked.next === 'again') break;
      const { next: _next, ...again } = checked;
      started = again;
    }
  }
}

async function writeSelection(step: Step, run: RunReference, losesItems: boolean): Promise<void> {
  await query(step, run, selectionQuery);
  const { items, itemsKey } = await step('Split', (ports) => splitRows(ports, run));
  if (items === 0) return;
  // The map's own reading of its items is the service's, not a process that can be killed.
  const parsed = await step('Items', async (ports) => {
    const stored = await ports.objects.get(itemsKey);
    return z.parse(z.array(itemSchema), JSON.parse(new TextDecoder().decode(stored?.body)));
  });
  for (const item of losesItems ? parsed.slice(0, -1) : parsed)
    await step(`Write ${item.number}`, (ports) => writeRows(ports, run, item));
}
