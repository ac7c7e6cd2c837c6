import { listRunRecords, type RunRecord } from '#engine/materialize/run-record.ts';
import { formatInstant } from '#semantics/time.ts';
import { findEntityView } from '#spec/find.ts';
import { type Command, countOption, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../report/table.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

const defaultLimit = 10;

export const runs: Command = {
  name: 'runs',
  summary: 'list runs and backfills: rows, bytes scanned, seconds, cost',
  usage: ['tidemark runs [<view[@version]>] [--limit N]'],
  options: { limit: { type: 'string' } },
  run: async ({ positionals, options, output }) => {
    const limit = countOption(options, 'limit') ?? defaultLimit;
    const target = readTarget(stringOption(options, 'target'));
    const manifest = await loadManifest(repositoryFolder(undefined, target));
    const views =
      positionals.length > 0
        ? positionals.map((name) => findEntityView(manifest, name))
        : manifest.views.filter((view) => view.kind !== 'onDemand');
    const { records } = connect(target);
    const found = (await Promise.all(views.map((view) => listRunRecords(records, view, limit)))).flat();
    const newest = found.sort((a, b) => b.startedAtMillis - a.startedAtMillis).slice(0, limit);
    output.data(newest, newest.length === 0 ? 'no runs yet' : table(header, newest.map(row)));
    return exitCodes.ok;
  },
};

const header = ['view', 'run', 'state', 'started', 'seconds', 'feature rows', 'online', 'older', 'MB scanned', 'USD'];
const row = (run: RunRecord): (string | number | undefined)[] => [
  run.view,
  run.run,
  run.error ? `${run.state}: ${run.error.message}` : run.state,
  formatInstant(run.startedAtMillis),
  Number((run.seconds ?? 0).toFixed(1)),
  run.featureRows ?? 0,
  run.rowsWritten ?? 0,
  run.rowsOlder ?? 0,
  Number(((run.bytesScanned ?? 0) / 1e6).toFixed(2)),
  Number((run.costEstimate ?? 0).toFixed(6)),
];
