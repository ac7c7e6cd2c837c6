import { findMaterializedView } from '#engine/materialize/materialized-view.ts';
import { runProgress } from '#engine/materialize/run-progress.ts';
import { listRunRecords, type RunRecord } from '#engine/materialize/run-record.ts';
import { parseInstantOrMillis } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { StoredView } from '#spec/manifest.ts';
import { type Command, type CommandContext, stringOption } from '../command.ts';
import { type Connections, connect } from '../connections.ts';
import { assertSucceeded, ended, execute } from '../executions.ts';
import { exitCodes } from '../exit-codes.ts';
import { Progress } from '../report/progress.ts';
import { byteSize, duration, grouped } from '../report/table.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

export const materialize: Command = {
  name: 'materialize',
  summary: 'compute the feature rows of a view and bring the newest of each entity online',
  usage: [
    'tidemark materialize <view[@version]> [--from INSTANT] [--to INSTANT]',
    '',
    'without an interval: what is new (ticks since the last run, or new source objects)',
    '--from, --to   backfill the ticks of (from, to]; ISO 8601 with Z or an offset, or epoch milliseconds',
  ],
  options: { from: { type: 'string' }, to: { type: 'string' } },
  run: async (context) => {
    const run = await materializeView(context);
    context.output.data(run, sentence(run));
    return exitCodes.ok;
  },
};

async function materializeView({ positionals, options, output }: CommandContext): Promise<RunRecord> {
  const [reference, ...others] = positionals;
  if (reference === undefined || others.length > 0)
    throw new TidemarkError('cli.badArguments', 'name one view, as in "tidemark materialize driver_stats"');
  const target = readTarget(stringOption(options, 'target'));
  const manifest = await loadManifest(repositoryFolder(undefined, target));
  const view = findMaterializedView(manifest, reference);
  const [from, to] = [stringOption(options, 'from'), stringOption(options, 'to')];
  return await runView(connect(target), {
    view,
    stateMachine: target.materializeStateMachine,
    ...(from === undefined ? {} : { from: parseInstantOrMillis(from) }),
    ...(to === undefined ? {} : { to: parseInstantOrMillis(to) }),
    talk: output.talk,
  });
}

/** One run of a view, shown while it goes on. Throws the run's own error. */
export async function runView(
  { records, objects }: Pick<Connections, 'records' | 'objects'>,
  request: {
    readonly view: StoredView;
    readonly stateMachine: string;
    readonly from?: number;
    readonly to?: number;
    readonly talk: (line: string) => void;
  },
): Promise<RunRecord> {
  const { view, stateMachine, from, to } = request;
  const progress = new Progress(`materialize ${viewId(view)}`);
  const newest = async (execution: string): Promise<RunRecord | undefined> =>
    (await listRunRecords(records, view, 5)).find((run) => run.execution === execution);
  const show = async (arn: string): Promise<void> => {
    const run = await newest(arn);
    const { step, done, total } = run ? await runProgress(objects, view, run) : { step: 'starting', done: 0, total: 0 };
    progress.show(step, done, total);
  };
  const asked = await execute(stateMachine, { view: viewId(view), from, to }, show);
  // One run is on its way and another waits: that one will find all that this one would have.
  const by = coveredBy(asked.output);
  const execution = by === undefined ? asked : await ended(by, show);
  progress.end();
  assertSucceeded(execution, `materialization of ${viewId(view)}`);
  const run = await newest(execution.arn);
  if (!run) throw new TidemarkError('cli.noRunRecord', `the run of ${viewId(view)} left no record`, { kind: 'failed' });
  return run;
}

/** The execution that stands in for one that ended at once as covered. */
function coveredBy(output: unknown): string | undefined {
  const { next, by } = (output ?? {}) as { next?: unknown; by?: unknown }; // the answer of plan-run where it is that
  return next === 'covered' && typeof by === 'string' ? by : undefined;
}

/** What a run did, for people. */
export function sentence(run: RunRecord): string {
  if (run.state === 'nothingToDo') return `${run.view}: nothing new`;
  const parts = [
    ...(run.featureRows === undefined
      ? []
      : [`${grouped(run.featureRows)} feature rows of ${grouped(run.ticks ?? 0)} ticks`]),
    ...(run.newObjects === undefined ? [] : [`${grouped(run.newObjects)} new objects`]),
    ...(run.rowsWritten === undefined ? [] : [`${grouped(run.rowsWritten)} entities online`]),
    ...(run.rowsOlder ? [`${grouped(run.rowsOlder)} kept newer`] : []),
    `${byteSize(run.bytesScanned ?? 0)} scanned`,
    duration(run.seconds ?? 0),
  ];
  return `${run.view}: ${parts.join(', ')}`;
}
