import { type CostForecast, costForecast } from '#engine/materialize/cost-forecast.ts';
import { listRunRecords } from '#engine/materialize/run-record.ts';
import { TidemarkError } from '#spec/errors.ts';
import { explainView } from '#spec/explain.ts';
import { findView } from '#spec/find.ts';
import type { View } from '#spec/manifest.ts';
import { type Command, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { describeFailure } from '../report/failure.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget, type Target, targetExists } from '../target.ts';

/** Enough that a few backfills do not hide the last run on schedule. */
const lookedAtRuns = 20;

export const explain: Command = {
  name: 'explain',
  summary: 'say what a view computes: windows and their bounds, schedule, ttl, defaults; and what its runs cost',
  usage: [
    'tidemark explain <view[@version]> [--repository DIR]',
    '',
    'the cost is estimated from the last run of the deployment, where there is one',
  ],
  options: { repository: { type: 'string' } },
  run: async ({ positionals, options, output }) => {
    const [reference] = positionals;
    if (reference === undefined)
      throw new TidemarkError('cli.badArguments', 'name a view, as in "tidemark explain driver_stats"');
    const target = deployment(stringOption(options, 'target'));
    const folder = repositoryFolder(stringOption(options, 'repository'), target);
    const manifest = await loadManifest(folder);
    const view = findView(manifest, reference);
    const isStreamed = manifest.sources.some(
      ({ kind, name }) => kind === 'stream' && view.kind !== 'onDemand' && name === view.source,
    );
    const cost = await costOf(
      { view, isStreamed },
      target && repositoryFolder(undefined, target) === folder ? target : undefined,
    );
    output.data({ ...view, cost }, `${explainView(manifest, view)}\n  cost: ${cost.text}`);
    return exitCodes.ok;
  },
};

/** The deployment that is named, or else the local one. Without any, or with one that this version cannot read, a view is explained all the same. */
function deployment(named: string | undefined): Target | undefined {
  if (named !== undefined) return readTarget(named);
  try {
    return targetExists() ? readTarget() : undefined;
  } catch {
    return undefined; // cli.badTarget: "tidemark deploy" writes it anew, which is what the cost line says
  }
}

/** An event writes the item of its entity, which is kept near 1 KB; there are no runs to measure. */
const streamCost =
  'no runs: it grows with the events, by about 1 or 2 write units ($0.625 per million) an event, fewer where events of one entity arrive together';

/** `target`: the deployment of the view's repository. One that cannot be reached costs the estimate, not the explanation. */
async function costOf(
  { view, isStreamed }: { readonly view: View; readonly isStreamed: boolean },
  target: Target | undefined,
): Promise<CostForecast> {
  if (view.kind === 'onDemand') return { text: 'no runs: it is computed where it is asked for' };
  if (view.kind === 'stream' || isStreamed) return { text: streamCost };
  if (!target)
    return {
      text: 'unknown: needs a deployment of this repository ("tidemark deploy") and one run of the view ("tidemark materialize")',
    };
  try {
    return costForecast(view, await listRunRecords(connect(target).records, view, lookedAtRuns));
  } catch (error) {
    return { text: `unknown: the runs of the deployment cannot be read: ${describeFailure(error, 'explain').message}` };
  }
}
