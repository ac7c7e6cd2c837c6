import { TidemarkError } from '#spec/errors.ts';
import { explainView } from '#spec/explain.ts';
import { findView } from '#spec/find.ts';
import { type Command, stringOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'say what a view computes: windows and their bounds, schedule, ttl, defaults',
  usage: ['tidemark explain <view[@version]> [--repository DIR]'],
  options: { repository: { type: 'string' } },
  run: async ({ positionals, options, output }) => {
    const [reference] = positionals;
    if (reference === undefined)
      throw new TidemarkError('cli.badArguments', 'name a view, as in "tidemark explain driver_stats"');
    const manifest = await loadManifest(repositoryFolder(stringOption(options, 'repository'), undefined));
    const view = findView(manifest, reference);
    output.data(view, explainView(manifest, view));
    return exitCodes.ok;
  },
};
