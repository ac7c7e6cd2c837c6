import { findBackfilledView } from '#engine/backfill/backfilled-view.ts';
import { runProgress } from '#engine/materialize/run-progress.ts';
import { listRunRecords, type RunRecord } from '#engine/materialize/run-record.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { View } from '#spec/manifest.ts';
import { type Command, type CommandContext, stringOption } from '../command.ts';
import { type Connections, connect } from '../connections.ts';
import { assertSucceeded, execute } from '../executions.ts';
import { exitCodes } from '../exit-codes.ts';
import { Progress } from '../report/progress.ts';
import { byteSize, duration, grouped } from '../report/table.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

export const backfill: Command = {
  name: 'backfill',
  summary: 'bring the history of a view over a stream online: its event log and its Parquet history',
  usage: [
    'tidemark backfill <view[@version]> [--rebuild]',
    '',
    'fills in what arrived before the live stream began to apply events to the view; a second one finds nothing to do',
    '--rebuild   build every item of a stream view again from the log, beside the live stream',
  ],
  options: { rebuild: { type: 'boolean' } },
  run: async (context) => {
    const run = await backfillNamedView(context);
    context.output.data(run, sentence(run));
    return exitCodes.ok;
  },
};

async function backfillNamedView({ positionals, options }: CommandContext): Promise<RunRecord> {
  const [reference, ...others] = positionals;
  if (reference === undefined || others.length > 0)
    throw new TidemarkError('cli.badArguments', 'name one view, as in "tidemark backfill ride_activity"');
  const target = readTarget(stringOption(options, 'target'));
  const manifest = await loadManifest(repositoryFolder(undefined, target));
  const { view } = findBackfilledView(manifest, reference);
  const { backfillStateMachine } = target;
  if (backfillStateMachine === undefined)
    throw new TidemarkError(
      'cli.noBackfills',
      `the deployment has no backfills: it was made without the stream of ${viewId(view)}; deploy again with "tidemark deploy"`,
      { kind: 'notFound' },
    );
  const rebuild = options.rebuild === true;
  return await backfillView(connect(target), { view, stateMachine: backfillStateMachine, rebuild });
}

export interface BackfillRequest {
  readonly view: Pick<View, 'name' | 'version'>;
  readonly stateMachine: string;
  readonly rebuild?: boolean;
}

/** One backfill of a view, shown while it goes on. Throws its own error. */
export async function backfillView(
  { records, objects }: Pick<Connections, 'records' | 'objects'>,
  { view, stateMachine, rebuild = false }: BackfillRequest,
): Promise<RunRecord> {
  const progress = new Progress(`backfill ${viewId(view)}`);
  const newest = async (execution: string): Promise<RunRecord | undefined> =>
    (await listRunRecords(records, view, 5)).find((run) => run.execution === execution);
  const show = async (arn: string): Promise<void> => {
    const run = await newest(arn);
    if (!run) return progress.show('starting');
    if (run.step === 'waiting') return progress.show(...waiting(run, Date.now()));
    const { step, done, total } = await runProgress(objects, view, run);
    progress.show(step, done, total);
  };
  const input = { view: viewId(view), ...(rebuild ? { rebuild } : {}) };
  const execution = await execute(stateMachine, input, show);
  progress.end();
  assertSucceeded(execution, `backfill of ${viewId(view)}`);
  const run = await newest(execution.arn);
  if (!run) throw new TidemarkError('cli.noRunRecord', `the run of ${viewId(view)} left no record`, { kind: 'failed' });
  return run;
}

/** The wait for the cut in seconds, of which it is known how many there are; then that for the archive. */
export function waiting(
  { startedAtMillis, cutMillis = 0 }: Pick<RunRecord, 'startedAtMillis' | 'cutMillis'>,
  nowMillis: number,
): [step: string, done: number, total: number] {
  const total = Math.ceil((cutMillis - startedAtMillis) / 1000);
  const done = Math.floor((nowMillis - startedAtMillis) / 1000);
  return total > 0 && done < total
    ? ['waiting for the cut, seconds', done, total]
    : ['waiting for the event log', 0, 0];
}

/** What a backfill did, for people. */
export function sentence(run: RunRecord): string {
  if (run.state === 'nothingToDo') return `${run.view}: nothing to fill in`;
  const what = run.kind === 'stream' ? 'entities merged with their history' : 'entities online';
  const older = run.kind === 'stream' ? 'had it before' : 'kept newer';
  return `${run.view}: ${[
    `${grouped(run.rowsWritten ?? 0)} ${what}`,
    ...(run.rowsOlder ? [`${grouped(run.rowsOlder)} ${older}`] : []),
    `${byteSize(run.bytesScanned ?? 0)} scanned`,
    duration(run.seconds ?? 0),
  ].join(', ')}`;
}
